// Package certs makes certificates for tests of TLS: an authority, and what it signs.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Default is the authority that a test trusts, made once in a process.
var Default = sync.OnceValue(New)

// New makes an authority.
func New() *Authority {
	t := template("an authority of tests")
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey()
	return &Authority{sign(t, t, key, key), key}
}

// Pool trusts the authority.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// Server is the configuration of a server at "localhost", "127.0.0.1" and "::1".
func (a *Authority) Server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.Sign(Names("localhost", "127.0.0.1", "::1"))}}
}

// Client is the configuration of a client that trusts the authority.
func (a *Authority) Client() *tls.Config { return &tls.Config{RootCAs: a.Pool()} }

// Sign makes a certificate with its key, changed as the changes say.
func (a *Authority) Sign(changes ...func(*x509.Certificate)) tls.Certificate {
	return made(a.cert, a.key, changes)
}

// SelfSigned makes a certificate that nobody but itself has signed.
func SelfSigned(changes ...func(*x509.Certificate)) tls.Certificate { return made(nil, nil, changes) }

// Names gives a certificate the names and addresses of a server.
func Names(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, n := range names {
			if ip := net.ParseIP(n); ip != nil {
				c.IPAddresses = append(c.IPAddresses, ip)
			} else {
				c.DNSNames = append(c.DNSNames, n)
			}
		}
	}
}

// Expired makes a certificate one that was good until an hour ago.
func Expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
}

// Subject gives a certificate a name of its owner's.
func Subject(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.Subject.CommonName = name }
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(t, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, by)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

func made(parent *x509.Certificate, by *ecdsa.PrivateKey, changes []func(*x509.Certificate)) tls.Certificate {
	t := template("a test")
	for _, change := range changes {
		change(t)
	}
	key := newKey()
	if parent == nil {
		parent, by = t, key
	}
	cert := sign(t, parent, key, by)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// Files are certificates and keys as programs want them.
type Files struct {
	Authority string // the certificate of the authority
	Cert, Key string // what it has signed
}

// Write writes a certificate of the authority's, and its own, into a folder.
func (a *Authority) Write(folder string, c tls.Certificate) (Files, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return Files{}, err
	}
	f := Files{filepath.Join(folder, "authority.pem"), filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")}
	for name, block := range map[string]*pem.Block{
		f.Authority: {Type: "CERTIFICATE", Bytes: a.cert.Raw},
		f.Cert:      {Type: "CERTIFICATE", Bytes: c.Certificate[0]},
		f.Key:       {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			return Files{}, err
		}
	}
	return f, nil
}
