package nethttp

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
)

// secure speaks TLS over the connection from now on, with host as the name that the peer
// has to show. It is the one place that knows how TLS comes over a connection.
func (c *conn) secure(host string) error {
	cfg := &tls.Config{}
	if c.pool.t.TLSClientConfig != nil {
		cfg = c.pool.t.TLSClientConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.NextProtos = []string{"http/1.1"}
	timeout := c.pool.t.TLSHandshakeTimeout
	if timeout > 0 {
		if err := c.plain.SetDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	client := tls.Client(&below{Conn: c.plain, c: c, under: c.secured}, cfg)
	if err := client.Handshake(); err != nil {
		if timeout > 0 && deadlinePassed(err) {
			return timeoutError("TLS handshake timeout")
		}
		return err
	}
	if timeout > 0 {
		if err := c.plain.SetDeadline(time.Time{}); err != nil {
			return err
		}
	}
	c.secured = client
	state := client.ConnectionState()
	c.state = &state
	return nil
}

// deadlinePassed reports whether an error is that of a connection's deadline, and not that
// of a context's.
func deadlinePassed(err error) bool {
	var ofContext *asyncio.TimeoutError
	return errors.Is(err, os.ErrDeadlineExceeded) && !errors.As(err, &ofContext)
}

// writeSecured writes by TLS. It waits for room first: crypto/tls holds a lock while it
// writes, and a coroutine that waited then would keep it from the one that reads.
func (c *conn) writeSecured(p []byte) (int, error) {
	if _, err := asyncio.GetRunningLoop(); err == nil {
		if _, err := c.plain.Write(nil); err != nil {
			return 0, err
		}
	}
	return c.secured.Write(p)
}

// endTLS tells the peer that no more comes. Loop only.
func (c *conn) endTLS() {
	if c.secured != nil {
		_ = c.secured.Close() // a peer that is gone hears of nothing
	}
}

// below is what TLS has beneath it: the connection, or other TLS.
type below struct {
	net.Conn // for its addresses
	c        *conn
	under    *tls.Conn
}

// Read reads from what is beneath, with the context of the exchange under way.
func (b *below) Read(p []byte) (int, error) {
	if b.under != nil {
		return b.under.Read(p)
	}
	return b.c.plain.Read(p)
}

// Write writes to what is beneath. On the loop it does not wait.
func (b *below) Write(p []byte) (int, error) {
	switch _, err := asyncio.GetRunningLoop(); {
	case b.under != nil:
		return b.under.Write(p)
	case err != nil:
		return b.c.plain.Write(p)
	}
	return b.c.w.Write(p)
}

// Close leaves the connection open: it is closed after TLS.
func (b *below) Close() error { return nil }

// SetDeadline does nothing: what is written on the loop does not wait.
func (b *below) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (b *below) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (b *below) SetWriteDeadline(time.Time) error { return nil }
