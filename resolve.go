package asyncio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// GetAddrInfo implements NameResolver.
func (l *baseLoop) GetAddrInfo(ctx context.Context, network, address string) ([]net.Addr, error) {
	const op = "GetAddrInfo"
	target, err := netaddr.Parse(network, address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
	case target.Family == sock.Unix:
		return nil, invalid(op, "network %q has no names to look up", network)
	}
	if err := l.mayWait(op, ctx); err != nil {
		return nil, err
	}
	found, ok := netaddr.Literal(target.Network, target.Host, target.Service)
	if !ok {
		if found, err = l.lookUpAddrs(ctx, op, target); err != nil {
			return nil, err
		}
	}
	addrs := make([]net.Addr, len(found))
	for i, a := range found {
		addrs[i] = a.NetAddr(target.Type)
	}
	return addrs, nil
}

// GetNameInfo implements NameResolver.
func (l *baseLoop) GetNameInfo(ctx context.Context, addr net.Addr) (host, service string, err error) {
	const op = "GetNameInfo"
	a, err := sock.AddrOf(addr)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
	case a.Family() == sock.Unix:
		return "", "", invalid(op, "the address %v is a path", addr)
	}
	if err := l.mayWait(op, ctx); err != nil {
		return "", "", err
	}
	ip := a.AddrPort().Addr()
	host, err = l.nameOf(ctx, ip)
	if notFound := new(net.DNSError); errors.As(err, &notFound) && notFound.IsNotFound {
		host, err = ip.String(), nil
	}
	if err != nil {
		return "", "", opError(op, err)
	}
	return host, strconv.Itoa(int(a.Port())), nil
}

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
	resolver := l.lookups.use()
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

// nameFinder is a netaddr.Resolver that knows the names of addresses, too. One
// that does not is a world in which they have none.
type nameFinder interface {
	// NameOf is called as Resolve is. A *net.DNSError that is IsNotFound says that
	// the address has no name.
	NameOf(ctx context.Context, ip netip.Addr) (string, error)
}

// nameOf looks up the name of an address.
func (l *baseLoop) nameOf(ctx context.Context, ip netip.Addr) (string, error) {
	finder, ok := l.lookups.use().(nameFinder)
	if !ok {
		return ip.String(), nil
	}
	return lookUp(ctx, l, "GetNameInfo", func(ctx context.Context) (string, error) { return finder.NameOf(ctx, ip) })
}

// lookUp runs f in the default executor and waits for its answer. f's context is
// done when nobody waits any more, and when the loop is closed, which waits for f.
// A loop that overrides RunInExecutor is asked.
func lookUp[T any](ctx context.Context, l *baseLoop, op string, f func(ctx context.Context) (T, error)) (T, error) {
	var zero T
	if l.outer && currentStrand() == nil && l.core.Active() {
		// An override belongs on the loop.
		return inLoop(ctx, l, op, func(ctx context.Context) (T, error) { return lookUp(ctx, l, op, f) }, nil)
	}
	job, ok := l.lookups.begin()
	if !ok {
		return zero, ErrLoopClosed
	}
	defer job.stop()
	// An error travels as a result: if nobody waits for it any more, it is no
	// failure that somebody ought to have looked at.
	run := func() (Result[T], error) {
		if !job.start() {
			return Result[T]{Err: ErrLoopClosed}, nil
		}
		defer job.end()
		v, err := f(job.ctx)
		return Result[T]{v, err}, nil
	}
	var answer *Future[Result[T]]
	var err error
	if l.outer {
		answer, err = RunIn(l.self, nil, run)
	} else {
		answer, err = submit(l, nil, run)
	}
	if err != nil {
		return zero, err
	}
	r, err := answer.Await(ctx)
	if err != nil {
		answer.Cancel() // so that it is not begun
		return zero, err
	}
	if r.Err != nil && l.IsClosed() {
		return zero, ErrLoopClosed // which is why
	}
	return r.Value, r.Err
}

// mayWait refuses a wait before it is begun, as Await would refuse it.
func (l *baseLoop) mayWait(op string, ctx context.Context) error {
	t, inLoop := currentTask(ctx)
	switch {
	case l.IsClosed():
		return opError(op, ErrLoopClosed)
	case !inLoop:
		return contextError(ctx)
	case t == nil:
		return opError(op, ErrAwaitInCallback)
	case t.loop != l:
		return opError(op, ErrWrongLoop)
	}
	return nil
}

// addrsOf finds the addresses of a target, of which a path is one. Coroutines only.
func (l *baseLoop) addrsOf(ctx context.Context, op string, target netaddr.Target) ([]sock.Addr, error) {
	if target.Family != sock.Unix {
		return l.resolve(ctx, op, target)
	}
	a, err := sock.UnixAddr(target.Path)
	return []sock.Addr{a}, err
}

// parseStream takes the address of a stream socket apart: that of a TCP network, or a path.
func parseStream(op, network, address string) (netaddr.Target, error) {
	if network == netaddr.Unix {
		return parseUnix(op, address)
	}
	return parseTCP(op, network, address)
}

// parseUnix makes a target of a path.
func parseUnix(op, path string) (netaddr.Target, error) {
	if path == "" {
		return netaddr.Target{}, invalid(op, "a path is empty")
	}
	_, err := sock.UnixAddr(path)
	if wrong := (*sock.UnixPathError)(nil); errors.As(err, &wrong) {
		remedy := "leave it out"
		if wrong.Limit > 0 {
			remedy = "take a directory nearer to the root, or a path relative to the current one"
		}
		return netaddr.Target{}, fmt.Errorf("asyncio: %s: %w: the path %q: %w; %s", op, ErrInvalidArgument, path, err, remedy)
	}
	return netaddr.Parse(netaddr.Unix, path)
}

// parseTCP takes an address of a TCP network apart.
func parseTCP(op, network, address string) (netaddr.Target, error) {
	target, err := netaddr.Parse(network, address)
	switch {
	case err != nil:
		return target, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
	case target.Type != sock.Stream || target.Family == sock.Unix:
		return target, invalid(op, "network %q: only tcp, tcp4, tcp6 and unix will do", network)
	}
	return target, nil
}
