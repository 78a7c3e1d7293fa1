package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// namesBothWays is a resolver that knows names of addresses, too.
type namesBothWays struct {
	namesOf
	names map[string]string
}

func (r *namesBothWays) NameOf(ctx context.Context, ip netip.Addr) (string, error) {
	r.hosts = append(r.hosts, ip.String())
	if r.block != nil {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if name, ok := r.names[ip.String()]; ok {
		return name, nil
	}
	if r.err != nil {
		return "", r.err
	}
	return "", &net.DNSError{Err: "no such host", IsNotFound: true}
}

func TestGetAddrInfo(t *testing.T) {
	t.Parallel()
	netRow(t, "literal", func(n *netTest) {
		asked := &namesOf{}
		asyncio.SetResolver(n.l, asked)
		n.run(func(ctx context.Context) {
			for _, c := range [][3]string{
				{"tcp", "127.0.0.1:80", "tcp 127.0.0.1:80"},
				{"tcp6", "[::1]:", "tcp [::1]:0"},
				{"udp4", "1.2.3.4:053", "udp 1.2.3.4:53"},
			} {
				got, err := n.l.GetAddrInfo(ctx, c[0], c[1])
				if err != nil || len(got) != 1 || got[0].Network()+" "+got[0].String() != c[2] {
					n.Errorf("%s %s: %v, %v", c[0], c[1], got, err)
				}
			}
		})
		if len(asked.hosts) > 0 {
			n.Errorf("looked up %v", asked.hosts)
		}
	})
	netRow(t, "name", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"host": {"[::1]:7", "127.0.0.1:7"}}})
		n.run(func(ctx context.Context) {
			got, err := n.l.GetAddrInfo(ctx, "udp", "host:echo")
			if err != nil || fmt.Sprint(got) != "[[::1]:7 127.0.0.1:7]" {
				n.Errorf("%v, %v", got, err)
			}
			for _, a := range got {
				if _, ok := a.(*net.UDPAddr); !ok {
					n.Errorf("%v is a %T", a, a)
				}
			}
		})
	})
	netRow(t, "from-outside", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"host": {"127.0.0.1:7"}}})
		got, err := n.l.GetAddrInfo(context.Background(), "tcp", "host:7") // the loop does not even run
		if err != nil || fmt.Sprint(got) != "[127.0.0.1:7]" {
			n.Errorf("%v, %v", got, err)
		}
	})
	netRow(t, "system", func(n *netTest) {
		n.run(func(ctx context.Context) {
			got, err := n.l.GetAddrInfo(ctx, "tcp4", "localhost:http")
			if err != nil || fmt.Sprint(got) != "[127.0.0.1:80]" {
				n.Errorf("%v, %v", got, err)
			}
		})
	})
	netRow(t, "refused", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, c := range [][2]string{{"tcp", "host"}, {"tcp", "host:65536"}, {"unix", "path"}, {"tcp5", "host:1"}} {
				if _, err := n.l.GetAddrInfo(ctx, c[0], c[1]); !errors.Is(err, asyncio.ErrInvalidArgument) {
					n.Errorf("%s %s: %v", c[0], c[1], err)
				}
			}
		})
		n.inCallback(func() {
			if _, err := n.l.GetAddrInfo(context.Background(), "tcp", "host:1"); !errors.Is(err, asyncio.ErrAwaitInCallback) {
				n.Errorf("in a callback: %v", err)
			}
		})
		n.check(n.l.Close())
		if _, err := n.l.GetAddrInfo(context.Background(), "tcp", "127.0.0.1:1"); !errors.Is(err, asyncio.ErrLoopClosed) {
			n.Errorf("closed: %v", err)
		}
	})
	netRow(t, "given-up", func(n *netTest) {
		r := &namesOf{block: make(chan struct{})}
		asyncio.SetResolver(n.l, r)
		n.run(func(ctx context.Context) {
			short, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			if _, err := n.l.GetAddrInfo(short, "tcp", "host:1"); !errors.Is(err, context.DeadlineExceeded) {
				n.Errorf("got %v", err)
			}
			n.until(ctx, "the look-up to be given up", func() bool { return r.ended.Load() == r.begun.Load() })
		})
		n.check(n.l.Close()) // an error that came too late is nobody's to look at
	})
}

func TestGetNameInfo(t *testing.T) {
	t.Parallel()
	at := func(address string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)) }
	netRow(t, "name", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesBothWays{names: map[string]string{"127.0.0.1": "here"}})
		n.run(func(ctx context.Context) {
			for address, want := range map[string]string{
				"127.0.0.1:80": "here 80", "[::1]:443": "::1 443", // which has no name
			} {
				host, service, err := n.l.GetNameInfo(ctx, at(address))
				if err != nil || host+" "+service != want {
					n.Errorf("%s: %q %q, %v", address, host, service, err)
				}
			}
		})
	})
	netRow(t, "fails", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesBothWays{namesOf: namesOf{err: errOdd}})
		n.run(func(ctx context.Context) {
			if _, _, err := n.l.GetNameInfo(ctx, at("127.0.0.1:80")); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "GetNameInfo") {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "cancelled", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesBothWays{namesOf: namesOf{block: make(chan struct{})}})
		n.run(func(ctx context.Context) {
			task := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				host, _, err := n.l.GetNameInfo(ctx, at("127.0.0.1:80"))
				return host, err
			})
			n.passes(ctx)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("got %v", err)
			}
		})
		n.check(n.l.Close()) // waits for the look-up
	})
	netRow(t, "resolver-without-names", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{})
		host, service, err := n.l.GetNameInfo(context.Background(), at("127.0.0.1:80"))
		if err != nil || host != "127.0.0.1" || service != "80" {
			n.Errorf("%q %q, %v", host, service, err)
		}
	})
	netRow(t, "system", func(n *netTest) {
		n.run(func(ctx context.Context) {
			host, service, err := n.l.GetNameInfo(ctx, at("127.0.0.1:80"))
			if err != nil || host == "" || service != "80" {
				n.Errorf("%q %q, %v", host, service, err)
			}
		})
	})
	netRow(t, "refused", func(n *netTest) {
		for _, a := range []net.Addr{nil, &net.UnixAddr{Name: "x", Net: "unix"}, &net.IPAddr{}} {
			if _, _, err := n.l.GetNameInfo(context.Background(), a); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("%v: %v", a, err)
			}
		}
	})
}

// inCallback runs f as a callback of the loop.
func (n *netTest) inCallback(f func()) {
	n.Helper()
	_, err := n.l.CallSoon(f)
	n.check(err)
	n.l.Stop()
	n.check(n.l.RunForever())
}
