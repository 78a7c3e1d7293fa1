package asyncio

import (
	"context"
	"crypto"
	"crypto/tls"
	"io"

	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// forHandshake is the configuration of one handshake: what TLSExecutor asks for is done to a copy,
// which is made so late that it has the session ticket keys of this moment, changed or
// rotated.
func (s *tlsSetup) forHandshake(l *baseLoop) tlsconn.Config {
	c := s.config
	if s.executor == nil {
		return c
	}
	if !c.Client {
		// Of keys that nobody has set the configuration itself must have made some: else each
		// copy would make its own.
		_, _ = c.TLS.DecryptTicket(nil, tls.ConnectionState{})
	}
	c.TLS = keysInExecutor(l, s.executor, c.TLS)
	return c
}

// keysInExecutor is a configuration whose private keys are worked with in an executor, while
// the coroutine of the handshake waits. What callbacks of the user's bring is included.
func keysInExecutor(l *baseLoop, e Executor, c *tls.Config) *tls.Config {
	k := keyExecutor{l, e}
	c = c.Clone()
	certs := make([]tls.Certificate, len(c.Certificates))
	for i := range c.Certificates {
		certs[i] = *k.certificate(&c.Certificates[i])
	}
	c.Certificates = certs
	if get := c.GetCertificate; get != nil {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			cert, err := get(hello)
			return k.certificate(cert), err
		}
	}
	if get := c.GetClientCertificate; get != nil {
		c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cert, err := get(info)
			return k.certificate(cert), err
		}
	}
	if get := c.GetConfigForClient; get != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			other, err := get(hello)
			if other == nil || err != nil {
				return other, err
			}
			return keysInExecutor(l, e, other), nil
		}
	}
	return c
}

// keyExecutor works with private keys for the handshakes of a loop.
type keyExecutor struct {
	loop     *baseLoop
	executor Executor
}

// certificate is a certificate whose key is worked with in the executor.
func (k keyExecutor) certificate(c *tls.Certificate) *tls.Certificate {
	if c == nil {
		return nil
	}
	signer, ok := c.PrivateKey.(crypto.Signer)
	if !ok {
		return c // crypto/tls says what is wrong with it
	}
	with := *c
	if d, ok := signer.(crypto.Decrypter); ok {
		with.PrivateKey = &keyDecrypter{keySigner{k, signer}, d}
	} else {
		with.PrivateKey = &keySigner{k, signer}
	}
	return &with
}

// keySigner signs in the executor.
type keySigner struct {
	keyExecutor
	key crypto.Signer
}

// Public implements crypto.Signer.
func (s *keySigner) Public() crypto.PublicKey { return s.key.Public() }

// Sign implements crypto.Signer.
func (s *keySigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.await(func() ([]byte, error) { return s.key.Sign(rand, digest, opts) })
}

// keyDecrypter is a keySigner that decrypts besides, as TLS 1.2 wants it of some keys.
type keyDecrypter struct {
	keySigner
	d crypto.Decrypter
}

// Decrypt implements crypto.Decrypter.
func (s *keyDecrypter) Decrypt(rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return s.await(func() ([]byte, error) { return s.d.Decrypt(rand, msg, opts) })
}

// await has f called in the executor, and suspends the coroutine of the handshake.
func (k keyExecutor) await(f func() ([]byte, error)) ([]byte, error) {
	done, err := RunIn(k.loop.self, k.executor, f)
	if err != nil {
		return nil, err
	}
	return done.Await(context.Background())
}
