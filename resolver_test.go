package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// table is a Resolver that knows a few names, and which of its methods may not return.
type table struct {
	*net.Resolver
	hosts  map[string][]string // of each host the addresses
	ports  map[string]int
	names  map[string][]string // of each address
	err    error
	blocks bool   // until ctx is done
	breaks func() // instead of an answer

	mu    sync.Mutex
	asked []string
}

func (r *table) ask(ctx context.Context, format string, args ...any) error {
	r.mu.Lock()
	r.asked = append(r.asked, fmt.Sprintf(format, args...))
	r.mu.Unlock()
	if r.breaks != nil {
		r.breaks()
	}
	if r.blocks {
		<-ctx.Done()
		return ctx.Err()
	}
	return r.err
}

func (r *table) LookupNetIP(ctx context.Context, network, host string) (ips []netip.Addr, err error) {
	err = r.ask(ctx, "%s %s", network, host)
	for _, ip := range r.hosts[host] {
		if ip == "" {
			ips = append(ips, netip.Addr{})
		} else {
			ips = append(ips, netip.MustParseAddr(ip))
		}
	}
	return ips, err
}

func (r *table) LookupPort(ctx context.Context, network, service string) (int, error) {
	return r.ports[service], r.ask(ctx, "%s :%s", network, service)
}

func (r *table) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return r.names[addr], r.ask(ctx, "%s", addr)
}

// resolverRow is netRow with a loop that has a resolver.
func resolverRow(t *testing.T, row string, r func() *table, f func(n *netTest, r *table)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Unpinned, func(t *testing.T) {
			r := r()
			n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
				return mustLoop(t, append(o, asyncio.WithResolver(r))...), nil
			})
			f(n, r)
		})
	})
}

func someNames() *table {
	return &table{
		hosts: map[string][]string{"two.test": {"::1", "127.0.0.1"}, "mapped.test": {"::ffff:127.0.0.1", "127.0.0.1"}, "void.test": {""}, "here.test": {"127.0.0.1"}},
		ports: map[string]int{"echo": 7, "far": 70_000},
		names: map[string][]string{"127.0.0.1": {"here.test.", "other.test."}, "::1": {}},
	}
}

// TestWithResolver: a loop asks the resolver that it was given, for names only.
func TestWithResolver(t *testing.T) {
	t.Parallel()
	resolverRow(t, "addresses", someNames, func(n *netTest, r *table) {
		n.run(func(ctx context.Context) {
			for _, c := range [][3]string{
				{"tcp", "two.test:echo", "[[::1]:7 127.0.0.1:7]"},
				{"udp4", "two.test:80", "[127.0.0.1:80]"},
				{"tcp6", "two.test:80", "[[::1]:80]"},
				{"tcp", "mapped.test:1", "[127.0.0.1:1]"},
				{"tcp", "127.0.0.1:echo", "[127.0.0.1:7]"},
			} {
				got, err := n.l.GetAddrInfo(ctx, c[0], c[1])
				if err != nil || fmt.Sprint(got) != c[2] {
					n.Errorf("%s %s: %v, %v", c[0], c[1], got, err)
				}
			}
			want(n, "asked", fmt.Sprint(r.asked), "[tcp :echo ip two.test ip4 two.test ip6 two.test ip mapped.test tcp :echo]")
		})
	})
	resolverRow(t, "literal", someNames, func(n *netTest, r *table) {
		r.breaks = func() { n.Error("the resolver is asked for an address") }
		n.run(func(ctx context.Context) {
			// Without a default executor nothing leaves the loop.
			n.check(n.l.ShutdownDefaultExecutor(ctx))
			got, err := n.l.GetAddrInfo(ctx, "tcp", "127.0.0.1:80")
			if err != nil || fmt.Sprint(got) != "[127.0.0.1:80]" {
				n.Errorf("%v, %v", got, err)
			}
			server, addr := n.serve(ctx, nil)
			client := &recorder{}
			transport, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", addr, nil)
			n.check(err)
			transport.Abort()
			server.Close()
			server.AbortClients()
			n.until(ctx, "the end", func() bool { return client.lost })
			if _, err = n.l.GetAddrInfo(ctx, "tcp", "two.test:80"); !errors.Is(err, asyncio.ErrExecutorShutdown) {
				n.Errorf("a name, without an executor: %v", err)
			}
		})
	})
	resolverRow(t, "connection", someNames, func(n *netTest, r *table) {
		n.run(func(ctx context.Context) {
			server, addr := n.serve(ctx, nil)
			_, port, _ := net.SplitHostPort(addr)
			client := &recorder{}
			transport, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", net.JoinHostPort("here.test", port), nil)
			n.check(err)
			transport.Abort()
			server.Close()
			server.AbortClients()
			n.until(ctx, "the end", func() bool { return client.lost })
			want(n, "asked", fmt.Sprint(r.asked), "[ip here.test]")
		})
	})
	resolverRow(t, "names", someNames, func(n *netTest, r *table) {
		n.run(func(ctx context.Context) {
			for ip, name := range map[string]string{"127.0.0.1": "here.test", "::1": "::1"} {
				host, service, err := n.l.GetNameInfo(ctx, &net.TCPAddr{IP: net.ParseIP(ip), Port: 80})
				if err != nil || host != name || service != "80" {
					n.Errorf("%s: %q %q, %v", ip, host, service, err)
				}
			}
		})
	})
	resolverRow(t, "nothing-found", someNames, func(n *netTest, r *table) {
		n.run(func(ctx context.Context) {
			for _, address := range []string{"unknown.test:1", "void.test:1", "here.test:far"} {
				got, err := n.l.GetAddrInfo(ctx, "tcp", address)
				if err == nil || got != nil {
					n.Errorf("%s: %v, %v", address, got, err)
				}
			}
			r.err = errOdd
			if _, err := n.l.GetAddrInfo(ctx, "tcp", "here.test:1"); !errors.Is(err, errOdd) {
				n.Errorf("got %v", err)
			}
			if _, _, err := n.l.GetNameInfo(ctx, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); !errors.Is(err, errOdd) {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "system", func(n *netTest) {
		// No resolver is the system's, and a net.Resolver is one.
		for _, r := range []asyncio.Resolver{nil, net.DefaultResolver} {
			loop := mustLoop(n, asyncio.WithResolver(r))
			got, err := loop.GetAddrInfo(context.Background(), "tcp4", "localhost:http")
			if err != nil || fmt.Sprint(got) != "[127.0.0.1:80]" {
				n.Errorf("%v, %v", got, err)
			}
			n.check(loop.Close())
		}
	})
}

// TestResolverSweep: a look-up is given up in each pass: the resolver's context is done,
// and nothing is left of it. A resolver that does not return is an error.
func TestResolverSweep(t *testing.T) {
	t.Parallel()
	blocking := func() *table { r := someNames(); r.blocks = true; return r }
	resolverRow(t, "cancelled", blocking, func(n *netTest, r *table) {
		n.run(func(ctx context.Context) {
			for passes := range 12 {
				task := asyncio.GoErr(ctx, func(ctx context.Context) error {
					if passes%2 == 0 {
						_, err := n.l.GetAddrInfo(ctx, "tcp", "here.test:1")
						return err
					}
					_, _, err := n.l.GetNameInfo(ctx, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
					return err
				})
				for range passes / 2 {
					n.check(asyncio.Sleep(ctx, 0))
				}
				task.Cancel()
				_, err := task.Await(ctx)
				wantError(n, err, asyncio.ErrCancelled)
			}
			// All have been given up: the executor is free.
			n.check(n.l.ShutdownDefaultExecutor(ctx))
		})
	})
	for passes := range 5 {
		resolverRow(t, fmt.Sprintf("closed-after-%d", passes), blocking, func(n *netTest, r *table) {
			began := false
			var err error
			asyncio.CreateTaskErr(n.l, func(ctx context.Context) error {
				began = true
				_, err = n.l.GetAddrInfo(ctx, "tcp", "here.test:1")
				return err
			})
			for range passes {
				onePass(n.T, n.l)
			}
			n.expectErrors = true // a task that is closed with its loop is told of
			n.check(n.l.Close())
			want(n, "begun", began, passes > 0)
		})
	}
	for name, breaks := range map[string]func(){"panic": func() { panic(errOdd) }, "goexit": goexit} {
		breaking := func() *table { r := someNames(); r.breaks = breaks; return r }
		resolverRow(t, name, breaking, func(n *netTest, r *table) {
			n.run(func(ctx context.Context) {
				_, err := n.l.GetAddrInfo(ctx, "tcp", "here.test:1")
				if name == "panic" {
					wantError(n, err, errOdd)
				} else {
					wantError(n, err, asyncio.ErrGoexit)
				}
				r.breaks = nil
				_, err = n.l.GetAddrInfo(ctx, "tcp", "here.test:1")
				n.check(err)
			})
		})
	}
}
