package nethttp_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// securePeer starts net/http's own server with TLS, and returns who trusts it.
func (s *stage) securePeer() (*httptest.Server, *nethttp.Transport) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Proto, " ", n, " ", r.Header.Get("Proxy-Authorization"))
	}))
	s.Cleanup(server.Close)
	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	return server, &nethttp.Transport{TLSClientConfig: trust, TLSHandshakeTimeout: onloop.Patience}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	overLoops(t, "https", func(s *stage) {
		server, transport := s.securePeer()
		client := s.client(transport)
		for range 2 {
			s.says("HTTP/1.1 3000000 ")(s.post(s.Ctx, client, server.URL, strings.NewReader(strings.Repeat("x", 3_000_000))))
		}
		resp, err := client.Do(s.request(s.Ctx, "GET", server.URL, nil))
		s.Must(err)
		onloop.Want(s, "handshake complete", resp.TLS != nil && resp.TLS.HandshakeComplete, true)
		s.Check(resp.Body.Close())
	})
	bare(t, "goroutines", func(s *stage) {
		server, transport := s.securePeer()
		client := s.client(transport)
		s.runLoop()
		for range 2 {
			s.says("HTTP/1.1 3000000 ")(s.post(s.Context(), client, server.URL, strings.NewReader(strings.Repeat("x", 3_000_000))))
		}
	})
	overLoops(t, "not-trusted", func(s *stage) {
		server, _ := s.securePeer()
		server.Config.ErrorLog = silent
		_, err := s.get(s.Ctx, s.client(&nethttp.Transport{}), server.URL)
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			s.Errorf("error %v, want one of the certificate", err)
		}
	})
	overLoops(t, "handshake-timeout", func(s *stage) {
		mute, err := net.Listen("tcp", "127.0.0.1:0")
		s.Must(err)
		defer mute.Close()
		_, err = s.get(s.Ctx, s.client(&nethttp.Transport{TLSHandshakeTimeout: 1}), "https://"+mute.Addr().String())
		s.Fails(err, asyncio.ErrTimeout)
	})
}

func TestProxy(t *testing.T) {
	t.Parallel()
	overLoops(t, "forwards", func(s *stage) {
		proxy := s.peer(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.RequestURI, " ", r.Header.Get("Proxy-Authorization"))
		})
		u, err := url.Parse(proxy.URL)
		s.Must(err)
		u.User = url.UserPassword("me", "secret")
		s.says("http://example.test/x Basic bWU6c2VjcmV0")(s.get(s.Ctx, s.client(&nethttp.Transport{Proxy: http.ProxyURL(u)}), "http://example.test/x"))
	})
	for name, secure := range map[string]bool{"tunnels": false, "tunnels-in-tls": true} {
		overLoops(t, name, func(s *stage) {
			server, transport := s.securePeer()
			proxy := s.tunneller(secure)
			u, err := url.Parse(proxy.URL)
			s.Must(err)
			u.User = url.User("me")
			transport.Proxy = http.ProxyURL(u)
			client := s.client(transport)
			for range 2 {
				s.says("HTTP/1.1 1000000 ")(s.post(s.Ctx, client, server.URL, strings.NewReader(strings.Repeat("x", 1_000_000))))
			}
		})
	}
	overLoops(t, "refuses", func(s *stage) {
		proxy := s.peer(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
		u, err := url.Parse(proxy.URL)
		s.Must(err)
		_, err = s.get(s.Ctx, s.client(&nethttp.Transport{Proxy: http.ProxyURL(u)}), "https://example.test/x")
		if err == nil || !strings.Contains(err.Error(), "Forbidden") {
			s.Errorf("error %v, want the proxy's", err)
		}
	})
	overLoops(t, "unknown-scheme", func(s *stage) {
		_, err := s.get(s.Ctx, s.client(&nethttp.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "gopher", Host: "x"})}), "http://example.test/x")
		s.Fails(err, asyncio.ErrInvalidArgument)
	})
}

// tunneller starts a proxy that answers CONNECT, on goroutines.
func (s *stage) tunneller(secure bool) *httptest.Server {
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			defer there.Close()
			_, _ = io.Copy(there, here)
		}()
		go func() {
			defer here.Close()
			_, _ = io.Copy(here, there)
		}()
	}))
	if secure {
		proxy.StartTLS()
	} else {
		proxy.Start()
	}
	s.Cleanup(proxy.Close)
	return proxy
}
