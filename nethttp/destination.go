package nethttp

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// destination is where a connection leads. Requests with the same destination can share
// a connection.
type destination struct {
	proxy  string // its URL, empty for none
	scheme string // of the request
	addr   string // "host:port" of the request; empty for a proxy that forwards requests
}

// destinationOf says where the connection for a request leads, and by which proxy.
func (t *Transport) destinationOf(req *http.Request) (d destination, proxy *url.URL, err error) {
	d.scheme = req.URL.Scheme
	if t.Proxy != nil {
		if proxy, err = t.Proxy(req); err != nil {
			return d, nil, err
		}
	}
	if proxy != nil {
		if _, known := ports[proxy.Scheme]; !known {
			return d, nil, invalid("RoundTrip", "a proxy of scheme %q: use an http or https one", proxy.Scheme)
		}
		d.proxy = proxy.String()
		if d.scheme == "http" {
			return d, proxy, nil
		}
	}
	d.addr, err = hostPort(req.URL)
	return d, proxy, err
}

// ports are the schemes there are, and the port of each.
var ports = map[string]string{"http": "80", "https": "443"}

// hostPort is the "host:port" that a URL means.
func hostPort(u *url.URL) (string, error) {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	for i := range len(host) {
		if host[i] >= 0x80 {
			var err error
			if host, err = asciiName(host); err != nil {
				return "", err
			}
			break
		}
	}
	return net.JoinHostPort(host, port), nil
}

// asciiName is the name under which a host with other letters is looked up. The standard
// library shows it only in the header of a request.
func asciiName(host string) (string, error) {
	var b bytes.Buffer
	written := &http.Request{Method: "HEAD", URL: &url.URL{Scheme: "http", Host: host}}
	if err := written.Write(&b); err != nil {
		return "", err
	}
	read, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		return "", err
	}
	return read.Host, nil
}

// proxyAuth is the Proxy-Authorization for a proxy whose URL has a user, else empty.
func proxyAuth(proxy *url.URL) string {
	if proxy == nil || proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

// isToken reports whether s can be a method.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
	}) < 0
}

// hasToken reports whether a header's values name a token.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
