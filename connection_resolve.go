package asyncio

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// resolve finds the addresses of a target: of a literal one at once, of a name
// on a goroutine of its own, which the loop waits for when it is closed.
// Coroutines only.
func (l *baseLoop) resolve(ctx context.Context, op string, target netaddr.Target) ([]sock.Addr, error) {
	if addrs, ok := netaddr.Literal(target.Network, target.Host, target.Service); ok {
		return addrs, nil
	}
	resolver := l.netState.resolver
	if resolver == nil {
		resolver = netaddr.System{}
	}
	start := l.now()
	addrs, err := lookUp(ctx, l, func(ctx context.Context) ([]sock.Addr, error) {
		return resolver.Resolve(ctx, target.Network, target.Host, target.Service)
	})
	l.noteLookup(target, l.now()-start)
	switch {
	case err != nil:
		return nil, opError(op, fmt.Errorf("look-up of %q: %w", target.Host, err))
	case len(addrs) == 0:
		return nil, opError(op, &net.DNSError{Err: "the look-up gave no address", Name: target.Host, IsNotFound: true})
	}
	return addrs, nil
}

// noteLookup logs, in debug mode, how long a look-up took.
func (l *baseLoop) noteLookup(target netaddr.Target, took time.Duration) {
	if !l.debug.Load() {
		return
	}
	level := slog.LevelDebug
	if took >= time.Duration(l.slow.Load()) {
		level = slog.LevelInfo
	}
	l.logger().Log(context.Background(), level,
		fmt.Sprintf("Getting address info %q:%s took %.3fms", target.Host, target.Service, float64(took)/1e6))
}
