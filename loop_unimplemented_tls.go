package asyncio

import (
	"context"
	"crypto/tls"
)

// StartTLS returns ErrNotImplemented.
func (UnimplementedEventLoop) StartTLS(context.Context, Transport, Protocol, *tls.Config, *StartTLSOptions) (Transport, error) {
	return nil, notImplementedBy("StartTLS")
}
