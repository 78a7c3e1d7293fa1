package nethttp

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/go-asyncio/asyncio"
)

// shutdownTimeout is how long a peer may take to say that it has heard of the end.
const shutdownTimeout = 5 * time.Second

// secure speaks TLS over the connection from now on, with host as the name that the peer
// has to show. It is the one place that knows how TLS comes over a connection.
func (c *conn) secure(ctx context.Context, host string) error {
	cfg := &tls.Config{}
	if c.pool.t.TLSClientConfig != nil {
		cfg = c.pool.t.TLSClientConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.NextProtos = []string{"http/1.1"}
	err := c.w.StartTLS(ctx, cfg, asyncio.StartTLSOptions{HandshakeTimeout: c.pool.t.TLSHandshakeTimeout, ShutdownTimeout: shutdownTimeout})
	if err != nil {
		if errors.Is(err, asyncio.ErrTimeout) && ctx.Err() == nil {
			return timeoutError("TLS handshake timeout")
		}
		return err
	}
	if state, ok := c.w.GetExtraInfo("ssl_object").(tls.ConnectionState); ok {
		c.state = &state
	}
	return nil
}
