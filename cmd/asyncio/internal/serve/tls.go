package serve

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/certificate"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// secure says whether TLS is spoken, and with which certificate.
type secure struct {
	config      *tls.Config // nil without TLS
	fingerprint string      // of a certificate that was made for this run
}

// chooseTLS finds out whether TLS is spoken, and reads or makes the certificate.
func (o *Options) chooseTLS() (err error) {
	given := o.TLSCert != "" || o.TLSKey != ""
	switch {
	case !given && !o.TLSSelfSigned:
		return nil
	case given && o.TLSSelfSigned:
		return fault.Usage("--tls-self-signed with --tls-cert or --tls-key: it makes a certificate of its own; leave one of the two out")
	case o.TLSKey == "" && given:
		return fault.Usage("--tls-cert %s without --tls-key: say which file has its private key", o.TLSCert)
	case o.TLSCert == "" && given:
		return fault.Usage("--tls-key %s without --tls-cert: say which file has the certificate", o.TLSKey)
	case o.API == apiDatagram:
		return fault.Usage("TLS with --listen %v: there is none over datagrams; leave the --tls flags out, or listen on HOST:PORT", o.at)
	}
	var cert tls.Certificate
	if given {
		cert, err = o.loadCertificate()
	} else if cert, err = selfSigned(o.at); err == nil {
		o.secure.fingerprint = certificate.Fingerprint(cert)
	}
	o.secure.config = &tls.Config{Certificates: []tls.Certificate{cert}}
	return err
}

// loadCertificate reads the certificate and its key.
func (o *Options) loadCertificate() (tls.Certificate, error) {
	read := func(flag, name string) ([]byte, error) {
		data, err := os.ReadFile(name)
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		if err != nil {
			return nil, fault.Usage("--%s %s: %v", flag, name, err)
		}
		return data, nil
	}
	cert, err := read("tls-cert", o.TLSCert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := read("tls-key", o.TLSKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fault.Usage("--tls-cert %s --tls-key %s: %s", o.TLSCert, o.TLSKey, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}

// selfSigned makes a certificate for a server of this machine.
func selfSigned(at endpoint) (tls.Certificate, error) {
	machine, _ := os.Hostname() // one without a name is reached by its addresses
	host, _, _ := net.SplitHostPort(at.address)
	return certificate.SelfSigned("localhost", "127.0.0.1", "::1", machine, host)
}
