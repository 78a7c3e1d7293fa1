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
// as the loop's GetAddrInfo does it, which may be an override. Coroutines only.
func (l *baseLoop) resolve(ctx context.Context, op string, target netaddr.Target) ([]sock.Addr, error) {
	if addrs, ok := netaddr.Literal(target.Network, target.Host, target.Service); ok {
		return addrs, nil
	}
	if l.outer {
		return l.askForAddrs(ctx, op, target)
	}
	return l.lookUpAddrs(ctx, op, target)
}

// askForAddrs has a loop of the user's look a name up, by its own GetAddrInfo.
func (l *baseLoop) askForAddrs(ctx context.Context, op string, target netaddr.Target) ([]sock.Addr, error) {
	found, err := l.self.GetAddrInfo(ctx, target.Network, net.JoinHostPort(target.Host, target.Service))
	if err != nil {
		return nil, opError(op, err)
	}
	addrs := make([]sock.Addr, len(found))
	for i, a := range found {
		if addrs[i], err = sock.AddrOf(a); err != nil {
			return nil, opError(op, fmt.Errorf("look-up of %q by %T: %w", target.Host, l.self, err))
		}
	}
	return addrs, notNone(op, target, addrs)
}

// lookUpAddrs asks the resolver for the addresses of a name, off the loop.
func (l *baseLoop) lookUpAddrs(ctx context.Context, op string, target netaddr.Target) ([]sock.Addr, error) {
	resolver := l.netState.resolver
	if resolver == nil {
		resolver = netaddr.System{}
	}
	start := l.core.Now()
	addrs, err := lookUp(ctx, l, op, func(ctx context.Context) ([]sock.Addr, error) {
		return resolver.Resolve(ctx, target.Network, target.Host, target.Service)
	})
	l.noteLookup(target, l.core.Now()-start)
	if err != nil {
		return nil, opError(op, fmt.Errorf("look-up of %q: %w", target.Host, err))
	}
	return addrs, notNone(op, target, addrs)
}

// notNone is the error of a look-up that found nothing and does not say so.
func notNone(op string, target netaddr.Target, addrs []sock.Addr) error {
	if len(addrs) > 0 {
		return nil
	}
	return opError(op, &net.DNSError{Err: "the look-up gave no address", Name: target.Host, IsNotFound: true})
}

// noteLookup logs, in debug mode, how long a look-up took.
func (l *baseLoop) noteLookup(target netaddr.Target, took time.Duration) {
	if !l.GetDebug() {
		return
	}
	level := slog.LevelDebug
	if took >= time.Duration(l.slow.Load()) {
		level = slog.LevelInfo
	}
	l.logger().Log(context.Background(), level,
		fmt.Sprintf("Getting address info %q:%s took %.3fms", target.Host, target.Service, float64(took)/1e6))
}
