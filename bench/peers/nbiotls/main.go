//go:build unix

// Command nbiotls is an echo server over nbio with one poller, and the copy of an older
// crypto/tls that it brings.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"net"

	llibtls "github.com/lesismal/llib/std/crypto/tls"
	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/extension/tls"
	"github.com/lesismal/nbio/logging"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	logging.SetLevel(logging.LevelError)
	der, key := serve.Certificate()
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	serve.Check(err)
	pair, err := llibtls.X509KeyPair(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	serve.Check(err)
	var listener net.Listener
	engine := nbio.NewEngine(nbio.Config{
		Network: "tcp",
		Addrs:   []string{address},
		NPoller: 1,
		Listen: func(network, address string) (net.Listener, error) {
			var err error
			listener, err = net.Listen(network, address)
			return listener, err
		},
	})
	buffer := make([]byte, 32<<10) // there is one poller
	engine.OnOpen(tls.WrapOpen(&tls.Config{Certificates: []llibtls.Certificate{pair}, MinVersion: llibtls.VersionTLS13}, false, nil))
	engine.OnClose(tls.WrapClose(func(_ *nbio.Conn, c *tls.Conn, _ error) { _ = c.Close() }))
	engine.OnData(tls.WrapData(func(c *nbio.Conn, t *tls.Conn, data []byte) {
		if _, err := t.Write(data); err != nil {
			_ = c.Close()
		}
	}, func() []byte { return buffer }))
	serve.Check(engine.Start())
	serve.Ready(listener.Addr())
	select {}
}
