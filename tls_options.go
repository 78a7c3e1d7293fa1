package asyncio

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// How long is waited for a peer, unless somebody says otherwise; asyncio's.
const (
	defaultTLSHandshakeTimeout = 60 * time.Second
	defaultTLSShutdownTimeout  = 30 * time.Second
)

// tlsOptions are what the options of several calls say of TLS.
type tlsOptions struct {
	config              *tls.Config
	handshake, shutdown time.Duration
	strict              bool
	executor            Executor
}

// tlsSetup is how connections speak TLS.
type tlsSetup struct {
	config              tlsconn.Config
	handshake, shutdown time.Duration
	executor            Executor // or nil
}

// check finds what contradicts itself.
func (o tlsOptions) check(op string) error {
	switch {
	case o.config == nil && o.handshake != 0:
		return invalid(op, "a TLS handshake timeout is only meaningful with TLS")
	case o.config == nil && o.shutdown != 0:
		return invalid(op, "a TLS shutdown timeout is only meaningful with TLS")
	case o.config == nil && (o.strict || o.executor != nil):
		return invalid(op, "TLSStrictEnd and TLSExecutor are only meaningful with TLS")
	case o.handshake < 0:
		return invalid(op, "the TLS handshake timeout should be a positive number, got %v", o.handshake)
	case o.shutdown < 0:
		return invalid(op, "the TLS shutdown timeout should be a positive number, got %v", o.shutdown)
	case o.config != nil && o.config.Renegotiation != tls.RenegotiateNever:
		return invalid(op, "TLS on a loop does not renegotiate: leave Renegotiation at RenegotiateNever")
	}
	return nil
}

// checkServerConfig refuses a configuration that no server can use.
func checkServerConfig(op string, c *tls.Config) error {
	if c != nil && len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
		return invalid(op, "the TLS configuration of a server needs a certificate: set Certificates, GetCertificate or GetConfigForClient")
	}
	return nil
}

// checkServer is check for the side of a server.
func (o tlsOptions) checkServer(op string) error {
	if err := checkServerConfig(op, o.config); err != nil {
		return err
	}
	return o.check(op)
}

// setup is what they come to, nil without TLS.
func (o tlsOptions) setup(client bool, c *tls.Config) *tlsSetup {
	s := &tlsSetup{
		config:    tlsconn.Config{TLS: c, Client: client, Strict: o.strict},
		handshake: o.handshake, shutdown: o.shutdown,
		executor: o.executor,
	}
	if s.handshake == 0 {
		s.handshake = defaultTLSHandshakeTimeout
	}
	if s.shutdown == 0 {
		s.shutdown = defaultTLSShutdownTimeout
	}
	return s
}

// server is setup for the side of a server.
func (o tlsOptions) server() *tlsSetup {
	if o.config == nil {
		return nil
	}
	return o.setup(false, o.config)
}

// client is setup for the side of a client: of a host, unless a name or the configuration says
// another one.
func (o tlsOptions) client(host string, name *string) *tlsSetup {
	c := o.config
	switch {
	case c == nil:
		return nil
	case name != nil && *name == "":
		c = anyName(c)
	case name != nil && c.ServerName != *name:
		c = c.Clone()
		c.ServerName = *name
	case c.ServerName == "" && host != "":
		c = c.Clone()
		c.ServerName = host
	}
	return o.setup(true, c)
}

// anyName is a configuration that checks a server's certificate, but not whose it is.
func anyName(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.ServerName = ""
	if c.InsecureSkipVerify {
		return c
	}
	c.InsecureSkipVerify = true
	then := c.VerifyConnection
	roots, now := c.RootCAs, c.Time
	c.VerifyConnection = func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		if now != nil {
			o.CurrentTime = now()
		}
		for _, cert := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(cert)
		}
		if _, err := s.PeerCertificates[0].Verify(o); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		if then != nil {
			return then(s)
		}
		return nil
	}
	return c
}
