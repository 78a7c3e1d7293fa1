package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

func plainFactory() asyncio.Protocol { return &recorder{} }

// TestServer is the behaviour of servers over real sockets.
func TestServer(t *testing.T) {
	t.Parallel()
	netRow(t, "events.022.create-server", func(n *netTest) {
		n.run(func(ctx context.Context) {
			var r *recorder
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { r = &recorder{}; return r }, "tcp", "0.0.0.0:0", nil)
			if err != nil {
				n.Fatal(err)
			}
			addrs := s.Addrs()
			if len(addrs) != 1 || addrs[0].(*net.TCPAddr).Port == 0 || len(s.Sockets()) != 1 || !s.IsServing() {
				n.Fatalf("addresses %v, serving %v", addrs, s.IsServing())
			}
			if s.GetLoop() != n.l || !strings.Contains(s.String(), addrs[0].String()) {
				n.Errorf("loop %v, text %v", s.GetLoop(), s)
			}
			c := dialPlain(n, fmt.Sprintf("127.0.0.1:%d", addrs[0].(*net.TCPAddr).Port))
			c.Write([]byte("xxx"))
			n.until(ctx, "the data", func() bool { return r != nil && len(r.data) == 3 })
			for name, want := range map[string]net.Addr{"sockname": c.RemoteAddr(), "peername": c.LocalAddr()} {
				if got := r.transport.GetExtraInfo(name); got == nil || got.(net.Addr).String() != want.String() {
					n.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			if r.transport.LocalAddr().String() != c.RemoteAddr().String() || r.transport.RemoteAddr().String() != c.LocalAddr().String() {
				n.Error("LocalAddr or RemoteAddr is wrong")
			}
			n.check(r.transport.Close())
			n.until(ctx, "the end", func() bool { return r.lost })
			if r.lostErr != nil {
				n.Error(r.lostErr)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
			if s.IsServing() || len(s.Addrs()) != 0 || len(s.Sockets()) != 0 {
				n.Errorf("serving %v on %v after Close", s.IsServing(), s.Addrs())
			}
			s.Close()
			n.until(ctx, "the end of the port", func() bool { // a proactor's system may take a moment
				c, err := net.Dial("tcp", c.RemoteAddr().String())
				if err == nil {
					_ = c.Close()
				}
				return err != nil
			})
		})
	})
	netRow(t, "events.021.server-multiple-hosts", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for network, hosts := range map[string][]string{
				"tcp4": {"127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:0"},
				"tcp6": {"[::1]:0", "[0:0:0:0:0:0:0:1]:0"},
			} {
				s, err := n.l.CreateServer(ctx, plainFactory, network, hosts[0], &asyncio.ServerOptions{Addresses: hosts[1:]})
				if err != nil {
					n.Fatal(err)
				}
				seen := map[string]bool{}
				for _, a := range s.Addrs() {
					ip := a.(*net.TCPAddr).IP.String()
					if seen[ip] {
						n.Errorf("%s listened on twice: %v", ip, s.Addrs())
					}
					seen[ip] = true
				}
				if want := map[string]int{"tcp4": 2, "tcp6": 1}[network]; len(seen) != want {
					n.Errorf("%s: %v", network, s.Addrs())
				}
				s.Close()
				n.check(s.WaitClosed(ctx))
			}
		})
	})
	netRow(t, "events.023.server-reuse-port", func(n *netTest) {
		if !sock.HasReusePort {
			n.Skip("no SO_REUSEPORT here")
		}
		n.run(func(ctx context.Context) {
			first, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", nil)
			if err != nil {
				n.Fatal(err)
			}
			addr := first.Addrs()[0].String()
			if _, err := n.l.CreateServer(ctx, plainFactory, "tcp", addr, &asyncio.ServerOptions{ReusePort: true}); !errors.Is(err, asyncio.ErrAddrInUse) {
				n.Errorf("beside a server without port reuse: %v", err)
			}
			first.Close()
			addr = "127.0.0.1:0" // not the same, which somebody else may have taken by now
			var servers []*asyncio.Server
			for range 2 {
				s, err := n.l.CreateServer(ctx, plainFactory, "tcp", addr, &asyncio.ServerOptions{ReusePort: true})
				if err != nil {
					n.Fatal(err)
				}
				servers = append(servers, s)
				addr = s.Addrs()[0].String()
			}
			for _, s := range servers {
				s.Close()
			}
		})
	})
	netRow(t, "events.030.server-addr-in-use", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", addr, nil)
			if !errors.Is(err, asyncio.ErrAddrInUse) || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "CreateServer") {
				n.Errorf("got %v", err)
			}
			s.Close()
		})
	})
	netRow(t, "events.031.server-dual-stack", func(n *netTest) {
		n.run(func(ctx context.Context) {
			made := 0
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { made++; return &recorder{} }, "tcp", ":0", nil)
			if err != nil {
				n.Fatal(err)
			}
			addrs := s.Addrs()
			if len(addrs) != 2 || addrs[0].(*net.TCPAddr).Port != addrs[1].(*net.TCPAddr).Port {
				n.Fatalf("addresses %v, want two of one port", addrs)
			}
			for _, host := range []string{"127.0.0.1", "[::1]"} {
				dialPlain(n, fmt.Sprintf("%s:%d", host, addrs[0].(*net.TCPAddr).Port))
			}
			n.until(ctx, "both clients", func() bool { return made == 2 })
			s.Close()
			s.AbortClients()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "base.048.server-ipv6", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, err := n.l.CreateServer(ctx, plainFactory, "tcp", "[::1]:0", nil)
			if err != nil {
				n.Fatal(err)
			}
			if len(s.Addrs()) == 0 {
				n.Error("no socket")
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "base.062.server-empty-host", func(n *netTest) {
		asked := &namesOf{}
		asyncio.SetResolver(n.l, asked)
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", ":0", nil)
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) {
				n.Errorf("an empty look-up: %v", err)
			}
			if len(asked.hosts) != 1 || asked.hosts[0] != "" {
				n.Errorf("asked for %q", asked.hosts)
			}
		})
	})
	netRow(t, "base.064.server-empty-lookup", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{})
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "example:0", nil)
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "example" {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "events.029.server-from-socket", func(n *netTest) {
		n.run(func(ctx context.Context) {
			fd := boundSocket(n, sock.Stream)
			var r *recorder
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { r = &recorder{}; return r }, "tcp", "", &asyncio.ServerOptions{Sock: fd})
			if err != nil {
				n.Fatal(err)
			}
			if fds := s.Sockets(); len(fds) != 1 || fds[0] != fd {
				n.Errorf("descriptors %v, want %d", fds, fd)
			}
			dialPlain(n, s.Addrs()[0].String())
			n.until(ctx, "the client", func() bool { return r != nil && r.transport != nil })
			r.transport.Abort()
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "from-listener", func(n *netTest) {
		n.run(func(ctx context.Context) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				n.Fatal(err)
			}
			made := 0
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { made++; return &recorder{} }, "", "", &asyncio.ServerOptions{Listener: l})
			if err != nil {
				n.Fatal(err)
			}
			n.check(l.Close()) // the server has its own
			dialPlain(n, s.Addrs()[0].String())
			n.until(ctx, "the client", func() bool { return made == 1 })
			s.AbortClients()
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "base.047.server-sock-extra-type-bits", func(n *netTest) {
		n.run(func(ctx context.Context) {
			fd := boundSocket(n, sock.Stream) // non-blocking, close-on-exec
			s, err := n.l.CreateServer(ctx, plainFactory, "", "", &asyncio.ServerOptions{Sock: fd})
			if err != nil {
				n.Fatal(err)
			}
			s.Close()
		})
	})
	netRow(t, "base.045.server-wrong-sock-type", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "", "", &asyncio.ServerOptions{Sock: boundSocket(n, sock.Datagram)})
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "a stream socket was expected") {
				n.Errorf("a datagram socket: %v", err)
			}
			f, err := os.Open(os.Args[0])
			n.check(err)
			defer f.Close()
			if _, err := n.l.CreateServer(ctx, plainFactory, "", "", &asyncio.ServerOptions{Sock: f.Fd()}); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("a file: %v", err)
			}
			if _, err := f.Stat(); err != nil {
				n.Errorf("what is no socket was closed: %v", err)
			}
		})
	})
}

// TestServerArguments: what contradicts itself is refused, before anything is
// looked up or opened.
func TestServerArguments(t *testing.T) {
	t.Parallel()
	refuses := func(row, address string, o *asyncio.ServerOptions, says string) {
		netRow(t, row, func(n *netTest) {
			n.run(func(ctx context.Context) {
				_, err := n.l.CreateServer(ctx, plainFactory, "tcp", address, o)
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), says) {
					n.Errorf("got %v, want %q", err, says)
				}
			})
		})
	}
	refuses("base.046.server-handshake-timeout-without-tls", "127.0.0.1:0", &asyncio.ServerOptions{TLSHandshakeTimeout: time.Second}, "only meaningful with TLS")
	refuses("shutdown-timeout-without-tls", "127.0.0.1:0", &asyncio.ServerOptions{TLSShutdownTimeout: time.Second}, "only meaningful with TLS")
	refuses("base.063.server-nothing-given", "", nil, "neither an address nor a socket")
	refuses("address-and-socket", "127.0.0.1:0", &asyncio.ServerOptions{Sock: noSocket}, "at the same time")
	refuses("negative-backlog", "127.0.0.1:0", &asyncio.ServerOptions{Backlog: -1}, "backlog")
	refuses("no-port", "127.0.0.1", nil, "missing port")
	netRow(t, "networks", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, network := range []string{"", "udp", "unixgram", "unixpacket", "tcp5"} {
				if _, err := n.l.CreateServer(ctx, plainFactory, network, "127.0.0.1:0", nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
					n.Errorf("network %q: %v", network, err)
				}
			}
			if _, err := n.l.CreateServer(ctx, nil, "tcp", "127.0.0.1:0", nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("no factory: %v", err)
			}
		})
	})
}

// fakeSockets are the system's, except for what a test lets fail.
type fakeSockets struct {
	system.Sockets
	open   func(f sock.Family) error
	bind   func(a sock.Addr) error
	option func(opt engine.Option) error
	opened map[uintptr]bool
	closed int
}

func (s *fakeSockets) Open(f sock.Family, typ sock.Type) (uintptr, error) {
	if s.open != nil {
		if err := s.open(f); err != nil {
			return 0, err
		}
	}
	fd, err := s.Sockets.Open(f, typ)
	if err == nil {
		if s.opened == nil {
			s.opened = map[uintptr]bool{}
		}
		s.opened[fd] = true
	}
	return fd, err
}

func (s *fakeSockets) Bind(fd uintptr, a sock.Addr) error {
	if s.bind != nil {
		if err := s.bind(a); err != nil {
			return err
		}
	}
	return s.Sockets.Bind(fd, a)
}

func (s *fakeSockets) SetOption(fd uintptr, opt engine.Option, value int) error {
	if s.option != nil {
		if err := s.option(opt); err != nil {
			return err
		}
	}
	return s.Sockets.SetOption(fd, opt, value)
}

func (s *fakeSockets) Close(fd uintptr) error {
	if s.opened[fd] {
		delete(s.opened, fd)
		s.closed++
	}
	return s.Sockets.Close(fd)
}

// TestServerSystemRefuses: what the system can refuse.
func TestServerSystemRefuses(t *testing.T) {
	t.Parallel()
	reusePort := func(row string, refusal error) {
		netRow(t, row, func(n *netTest) {
			f := &fakeSockets{option: func(opt engine.Option) error {
				if opt == engine.ReusePort {
					return refusal
				}
				return nil
			}}
			n.script().sockets = f
			n.run(func(ctx context.Context) {
				_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{ReusePort: true})
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !errors.Is(err, refusal) || !strings.Contains(err.Error(), "reuse_port") {
					n.Errorf("got %v", err)
				}
				if len(f.opened) != 0 || f.closed != 1 {
					n.Errorf("%d sockets left open, %d closed", len(f.opened), f.closed)
				}
			})
		})
	}
	reusePort("base.065a.server-reuse-port-unsupported", errors.ErrUnsupported)
	reusePort("base.065b.server-reuse-port-not-working", syscall.EINVAL)
	netRow(t, "base.066.server-bind-failure-closes", func(n *netTest) {
		f := &fakeSockets{bind: func(a sock.Addr) error {
			if a.Family() == sock.Inet4 {
				return syscall.EACCES
			}
			return nil
		}}
		n.script().sockets = f
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", ":0", nil)
			if !errors.Is(err, syscall.EACCES) || !strings.Contains(err.Error(), "error while attempting to bind on address 0.0.0.0:") {
				n.Errorf("got %v", err)
			}
			if len(f.opened) != 0 || f.closed != 2 {
				n.Errorf("%d sockets left open, %d closed", len(f.opened), f.closed)
			}
		})
	})
	netRow(t, "no-ipv6", func(n *netTest) {
		for _, f := range []*fakeSockets{
			{open: func(f sock.Family) error { return onlyFor(f == sock.Inet6, syscall.EAFNOSUPPORT) }},
			{bind: func(a sock.Addr) error { return onlyFor(a.Family() == sock.Inet6, asyncio.ErrAddrNotAvailable) }},
		} {
			asyncio.SetEngine(n.l, &scripted{Engine: asyncio.Engine(n.l), sockets: f})
			n.run(func(ctx context.Context) {
				s, err := n.l.CreateServer(ctx, plainFactory, "tcp", ":0", nil)
				if err != nil {
					n.Fatal(err)
				}
				if a := s.Addrs(); len(a) != 1 || a[0].(*net.TCPAddr).IP.To4() == nil {
					n.Errorf("addresses %v", a)
				}
				s.Close()
				_, err = n.l.CreateServer(ctx, plainFactory, "tcp6", ":0", nil)
				if !errors.Is(err, asyncio.ErrAddrNotAvailable) {
					n.Errorf("IPv6 only: %v", err)
				}
			})
		}
	})
	netRow(t, "base.711.server-keep-alive", func(n *netTest) {
		set := 0
		n.script().sockets = &fakeSockets{option: func(opt engine.Option) error {
			if opt == engine.KeepAlive {
				set++
			}
			return nil
		}}
		n.run(func(ctx context.Context) {
			for _, on := range []bool{false, true} {
				s, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{KeepAlive: on})
				n.check(err)
				if (set == 1) != on {
					n.Errorf("KeepAlive %v: set on %d sockets", on, set)
				}
				s.Close()
			}
		})
	})
	netRow(t, "base.712.server-reuse-port-family", func(n *netTest) {
		var families []sock.Family
		set := 0
		n.script().sockets = &fakeSockets{
			open: func(f sock.Family) error { families = append(families, f); return nil },
			option: func(opt engine.Option) error {
				if opt == engine.ReusePort {
					set++
				}
				return nil
			},
		}
		n.run(func(ctx context.Context) {
			s, err := n.l.CreateServer(ctx, plainFactory, "tcp", ":0", &asyncio.ServerOptions{ReusePort: true})
			if errors.Is(err, asyncio.ErrInvalidArgument) {
				return // the system cannot
			}
			n.check(err)
			for _, f := range families {
				if f != sock.Inet4 && f != sock.Inet6 {
					n.Errorf("set on %v", f)
				}
			}
			if set == 0 || set != len(families) {
				n.Errorf("set on %d of %d sockets", set, len(families))
			}
			s.Close()
		})
	})
	netRow(t, "base.713.server-address-not-available", func(n *netTest) {
		missing := func(a sock.Addr) bool { return a.AddrPort().Addr().String() == "127.0.0.2" }
		n.script().sockets = &fakeSockets{bind: func(a sock.Addr) error { return onlyFor(missing(a), asyncio.ErrAddrNotAvailable) }}
		n.run(func(ctx context.Context) {
			for _, debug := range []bool{false, true} {
				n.l.SetDebug(debug)
				s, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.2:0", &asyncio.ServerOptions{Addresses: []string{"127.0.0.1:0"}})
				if err != nil {
					n.Fatal(err)
				}
				if a := s.Addrs(); len(a) != 1 || a[0].(*net.TCPAddr).IP.String() != "127.0.0.1" {
					n.Errorf("addresses %v", a)
				}
				if warned := n.log.Count("no socket for 127.0.0.2:0"); (warned == 1) != debug {
					n.Errorf("debug %v: %d warnings", debug, warned)
				}
				s.Close()
			}
			n.l.SetDebug(false)
		})
	})
	netRow(t, "base.714.server-no-address-left", func(n *netTest) {
		f := &fakeSockets{bind: func(sock.Addr) error { return asyncio.ErrAddrNotAvailable }}
		n.script().sockets = f
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.2:0", &asyncio.ServerOptions{Addresses: []string{"127.0.0.3:7"}})
			if !errors.Is(err, asyncio.ErrAddrNotAvailable) || !strings.Contains(err.Error(), "127.0.0.2:0") || !strings.Contains(err.Error(), "127.0.0.3:7") {
				n.Errorf("got %v", err)
			}
			if len(f.opened) != 0 {
				n.Errorf("%d sockets left open", len(f.opened))
			}
		})
	})
	netRow(t, "port-taken-on-the-other-family", func(n *netTest) {
		// The port that was picked for one family is taken on the other: another is picked.
		refused := 0
		f := &fakeSockets{bind: func(a sock.Addr) error {
			if a.Family() == sock.Inet4 && refused < 3 {
				refused++
				return asyncio.ErrAddrInUse
			}
			return nil
		}}
		n.script().sockets = f
		n.run(func(ctx context.Context) {
			s, err := n.l.CreateServer(ctx, plainFactory, "tcp", ":0", nil)
			if err != nil {
				n.Fatal(err)
			}
			// The system may refuse a port, too: another program has it.
			a := s.Addrs()
			if len(a) != 2 || a[0].(*net.TCPAddr).Port != a[1].(*net.TCPAddr).Port || refused != 3 || f.closed < 6 || f.closed%2 != 0 || len(f.opened) != 2 {
				n.Errorf("addresses %v, refused %d times, %d closed", a, refused, f.closed)
			}
			s.Close()
		})
	})
}

func onlyFor(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// namesOf is a resolver that knows what it is told.
type namesOf struct {
	answers map[string][]string
	err     error
	block   chan struct{} // answers only when closed, or when the look-up is given up
	hosts   []string      // what was asked
	begun   atomic.Int32
	ended   atomic.Int32
}

func (r *namesOf) Resolve(ctx context.Context, network, host, service string) ([]sock.Addr, error) {
	r.hosts = append(r.hosts, host)
	r.begun.Add(1)
	defer r.ended.Add(1)
	if r.block != nil {
		select {
		case <-r.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var addrs []sock.Addr
	for _, text := range r.answers[host] {
		a, err := sock.InetAddr(netip.MustParseAddrPort(text))
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, a)
	}
	return addrs, r.err
}

func boundSocket(n *netTest, typ sock.Type) uintptr {
	n.Helper()
	fd, err := sock.Open(sock.Inet4, typ)
	if err != nil {
		n.Fatal(err)
	}
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	if err == nil {
		err = sock.Bind(fd, a)
	}
	if err != nil {
		n.Fatal(err)
	}
	return fd
}

func dialPlain(n *netTest, addr string) *net.TCPConn {
	n.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}
