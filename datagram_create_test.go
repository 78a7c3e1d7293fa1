package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// create is CreateDatagramEndpoint with a receiver, which is made if the call comes to that.
func (n *netTest) create(ctx context.Context, o asyncio.DatagramOptions) (*receiver, error) {
	var r *receiver
	_, _, err := n.l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { r = &receiver{}; return r }, &o)
	if err == nil {
		n.Cleanup(func() {
			if !n.l.IsClosed() {
				r.transport.Abort()
			}
		})
	}
	return r, err
}

// paperwork runs f as a netRow, in a coroutine, with sockets on paper, of which none is to
// be left open that no endpoint has.
func paperwork(t *testing.T, row string, f func(ctx context.Context, n *netTest, s *paperSockets)) {
	t.Helper()
	netRow(t, row, func(n *netTest) {
		s, _ := n.paper()
		n.run(func(ctx context.Context) { f(ctx, n, s) })
	})
}

// closed fails the test if a socket is open, or a protocol was made.
func (s *paperSockets) closed(n *netTest, r *receiver) {
	n.Helper()
	if len(s.open) > 0 || s.was("close of what is closed") || r != nil {
		n.Errorf("open: %v; asked: %v; protocol made: %v", s.open, s.asked, r != nil)
	}
}

// failing has a question fail.
func (s *paperSockets) failing(question string, err error) {
	s.fails = func(what string) error {
		if strings.HasPrefix(what, question) {
			return err
		}
		return nil
	}
}

// TestDatagramCreateFails proves the rows about endpoints that cannot be made.
func TestDatagramCreateFails(t *testing.T) {
	t.Parallel()
	paperwork(t, "base.067.datagram-empty-lookup", func(ctx context.Context, n *netTest, s *paperSockets) {
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"nothing.test": nil}})
		r, err := n.create(ctx, asyncio.DatagramOptions{LocalAddress: "nothing.test:0"})
		if notFound := new(net.DNSError); !errors.As(err, &notFound) || !notFound.IsNotFound {
			n.Errorf("%v", err)
		}
		s.closed(n, r)
	})
	paperwork(t, "base.069.datagram-connect-error", func(ctx context.Context, n *netTest, s *paperSockets) {
		s.failing("connect", syscall.ENETUNREACH)
		r, err := n.create(ctx, asyncio.DatagramOptions{RemoteAddress: "127.0.0.1:9"})
		if !errors.Is(err, syscall.ENETUNREACH) || !strings.Contains(err.Error(), "127.0.0.1:9") {
			n.Errorf("%v", err)
		}
		s.closed(n, r)
	})
	paperwork(t, "base.071.datagram-socket-error", func(ctx context.Context, n *netTest, s *paperSockets) {
		s.failing("open", syscall.EMFILE)
		for _, o := range []asyncio.DatagramOptions{{Network: "udp4"}, {LocalAddress: "127.0.0.1:0"}} {
			r, err := n.create(ctx, o)
			if !errors.Is(err, syscall.EMFILE) {
				n.Errorf("%+v: %v", o, err)
			}
			s.closed(n, r)
		}
	})
	paperwork(t, "base.072.datagram-setup-failure-closes", func(ctx context.Context, n *netTest, s *paperSockets) {
		o := asyncio.DatagramOptions{
			LocalAddress: "127.0.0.1:0", RemoteAddress: "127.0.0.1:9", ReusePort: true, MulticastTTL: 2, NoMulticastLoop: true, Segment: 100, Coalesce: true,
			Groups: []asyncio.MulticastGroup{{Addr: netip.MustParseAddr("224.0.0.251")}},
		}
		r, err := n.create(ctx, o)
		n.check(err)
		n.aborts(ctx, r)
		for _, question := range slices.Clone(s.asked) {
			if strings.HasPrefix(question, fmt.Sprintf("option %d=", engine.RecvErr)) || strings.HasPrefix(question, "open") {
				continue // IP_RECVERR is a service to those who want to know more
			}
			s.failing(question, errBoom)
			r, err := n.create(ctx, o)
			if !errors.Is(err, errBoom) {
				n.Errorf("%s: %v", question, err)
			}
			if question == "datagram" {
				r = nil // whom nobody has told anything
			}
			s.closed(n, r)
		}
	})
	paperwork(t, "base.073.datagram-no-address-no-family", func(ctx context.Context, n *netTest, s *paperSockets) {
		r, err := n.create(ctx, asyncio.DatagramOptions{})
		if !errors.Is(err, asyncio.ErrInvalidArgument) || len(s.asked) > 0 {
			n.Errorf("%v; asked %v", err, s.asked)
		}
		s.closed(n, r)
	})
	paperwork(t, "base.074.datagram-bind-failure", func(ctx context.Context, n *netTest, s *paperSockets) {
		s.failing("bind", syscall.EADDRNOTAVAIL)
		r, err := n.create(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:5"})
		if !errors.Is(err, syscall.EADDRNOTAVAIL) || !strings.Contains(err.Error(), "127.0.0.1:5") {
			n.Errorf("%v", err)
		}
		s.closed(n, r)
	})
	paperwork(t, "base.080.datagram-reuse-port-unsupported", func(ctx context.Context, n *netTest, s *paperSockets) {
		s.failing(fmt.Sprintf("option %d=1", engine.ReusePort), errors.ErrUnsupported)
		r, err := n.create(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", ReusePort: true})
		if !errors.Is(err, asyncio.ErrInvalidArgument) || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "reuse_port") {
			n.Errorf("%v", err)
		}
		s.closed(n, r)
	})
	paperwork(t, "base.716.datagram-factory-failure-closes", func(ctx context.Context, n *netTest, s *paperSockets) {
		for name, factory := range map[string]func() asyncio.DatagramProtocol{
			"panic": func() asyncio.DatagramProtocol { panic(errBoom) },
			"nil":   func() asyncio.DatagramProtocol { return nil },
		} {
			s.types[7] = sock.Datagram
			for _, o := range []asyncio.DatagramOptions{local, {Sock: 7}} {
				_, _, err := n.l.CreateDatagramEndpoint(ctx, factory, &o)
				panicked := new(asyncio.PanicError)
				if errors.As(err, &panicked) != (name == "panic") || errors.Is(err, asyncio.ErrInvalidArgument) != (name == "nil") {
					n.Errorf("%s: %v", name, err)
				}
				s.closed(n, nil)
			}
		}
	})
}

// TestDatagramCreate proves the rows about how endpoints are made.
func TestDatagramCreate(t *testing.T) {
	t.Parallel()
	netRow(t, "base.070.datagram-broadcast-no-connect", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c, stranger := n.plainPeer(), n.plainPeer()
			r := n.endpoint(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", RemoteAddress: c.LocalAddr().String(), AllowBroadcast: true})
			if r.transport.RemoteAddr() != nil || r.transport.GetExtraInfo("peername") != nil {
				n.Errorf("connected to %v", r.transport.RemoteAddr())
			}
			n.check(r.transport.SendTo([]byte("hello"), nil))
			n.check(r.transport.SendTo([]byte("again"), c.LocalAddr()))
			if got := n.letters(c, 2); !slices.Equal(got, []string{"hello", "again"}) {
				n.Errorf("the peer got %q", got)
			}
			if err := r.transport.SendTo([]byte("x"), stranger.LocalAddr()); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("to another address: %v", err)
			}
			n.posts(stranger, "hello", r.transport.LocalAddr())
			n.until(ctx, "a stranger's datagram", func() bool { return len(r.got) > 0 })
			n.check(r.transport.Close())
			n.until(ctx, "the end", func() bool { return r.lost })
			if r.history() != "made data lost" || r.lostErr != nil {
				n.Errorf("%s with %v", r.history(), r.lostErr)
			}
		})
	})
	for _, id := range []string{"base.075.datagram-ready-sock", "events.033.datagram-endpoint-sock"} {
		netRow(t, id, func(n *netTest) {
			n.run(func(ctx context.Context) {
				fd, c := boundDatagram(n), n.plainPeer()
				r := n.endpoint(ctx, asyncio.DatagramOptions{Sock: fd})
				if r.transport.GetExtraInfo("socket") != any(fd) {
					n.Errorf("it is %v", r.transport.GetExtraInfo("socket"))
				}
				n.posts(c, "hello", r.transport.LocalAddr())
				n.until(ctx, "the datagram", func() bool { return len(r.got) > 0 })
				n.check(r.transport.SendTo([]byte("answer"), r.from[0]))
				if got := n.letters(c, 1); got[0] != "answer" {
					n.Errorf("the peer got %q", got)
				}
				n.check(r.transport.Close())
				n.until(ctx, "the end", func() bool { return r.lost })
				if r.lostErr != nil {
					n.Errorf("lost with %v", r.lostErr)
				}
			})
		})
	}
	paperwork(t, "base.078.datagram-sock-with-options", func(ctx context.Context, n *netTest, s *paperSockets) {
		s.types[7] = sock.Datagram
		for name, o := range map[string]asyncio.DatagramOptions{
			"LocalAddress": {LocalAddress: "127.0.0.1:1"}, "RemoteAddress": {RemoteAddress: "127.0.0.1:1"}, "Network": {Network: "udp4"},
			"ReusePort": {ReusePort: true}, "AllowBroadcast": {AllowBroadcast: true}, "Groups": {Groups: []asyncio.MulticastGroup{{}}},
			"MulticastTTL": {MulticastTTL: 1}, "NoMulticastLoop": {NoMulticastLoop: true}, "MulticastInterface": {MulticastInterface: "lo"},
			"Segment": {Segment: 1}, "Coalesce": {Coalesce: true},
		} {
			o.Sock = 7
			r, err := n.create(ctx, o)
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
				n.Errorf("%s: %v", name, err)
			}
			s.closed(n, r)
		}
	})
	netRow(t, "base.079a.datagram-default-sockopts", func(n *netTest) {
		n.run(func(ctx context.Context) { wantOptions(n, n.endpoint(ctx, local), false, false) })
	})
	netRow(t, "base.079b.datagram-set-sockopts", func(n *netTest) {
		n.run(func(ctx context.Context) {
			o := asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", ReusePort: hasReusePort, AllowBroadcast: true}
			wantOptions(n, n.endpoint(ctx, o), hasReusePort, true)
		})
	})
	netRow(t, "base.081.datagram-ip-literal-no-lookup", func(n *netTest) {
		names := &namesOf{}
		asyncio.SetResolver(n.l, names)
		n.run(func(ctx context.Context) {
			r := n.endpoint(ctx, local)
			typ, err := sock.TypeOf(r.transport.GetExtraInfo("socket").(uintptr))
			if _, udp := r.transport.LocalAddr().(*net.UDPAddr); !udp || err != nil || typ != sock.Datagram || len(names.hosts) > 0 {
				n.Errorf("%v of type %v, %v; asked for %q", r.transport.LocalAddr(), typ, err, names.hosts)
			}
		})
	})
	netRow(t, "base.710.datagram-sock-kinds", func(n *netTest) {
		n.run(func(ctx context.Context) {
			fd, peer, err := sock.Pair()
			n.check(err)
			_, err = n.create(ctx, asyncio.DatagramOptions{Sock: fd})
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "a datagram socket was expected, got a stream socket") {
				n.Errorf("a stream socket: %v", err)
			}
			if k, err := sock.Read(peer, make([]byte, 1)); k != 0 || err != nil {
				n.Errorf("the stream socket is open: its peer reads %d, %v", k, err)
			}
			n.check(sock.Close(peer))
			messagesOverConnection(ctx, n)
		})
	})
}

// boundDatagram is a socket that has an address.
func boundDatagram(n *netTest) uintptr {
	n.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Datagram)
	n.check(err)
	n.check(sock.Bind(fd, address("127.0.0.1:0")))
	return fd
}

// wantOptions fails the test if an endpoint's socket has other options.
func wantOptions(n *netTest, r *receiver, reusePort, broadcast bool) {
	n.Helper()
	fd := r.transport.GetExtraInfo("socket").(uintptr)
	for _, o := range []struct {
		opt  engine.Option
		name string
		want bool
	}{{engine.ReuseAddr, "reuse of addresses", false}, {engine.ReusePort, "reuse of ports", reusePort}, {engine.Broadcast, "broadcast", broadcast}} {
		if got, err := socketSwitch(fd, o.opt); err != nil || got != o.want {
			n.Errorf("%s: %v, %v, want %v", o.name, got, err, o.want)
		}
	}
}
