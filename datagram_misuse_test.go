package asyncio_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// foreign is an address of a kind that nobody knows.
type foreign struct{}

func (foreign) Network() string { return "carrier pigeon" }
func (foreign) String() string  { return "loft 7" }

// TestDatagramMisuse: each wrong argument has one error that names the call, what is wrong,
// and what to do.
func TestDatagramMisuse(t *testing.T) {
	t.Parallel()
	t.Run("options", func(t *testing.T) {
		t.Parallel()
		group := []asyncio.MulticastGroup{{Addr: netip.MustParseAddr("224.0.0.251")}}
		n := newNetTest(t)
		n.run(func(ctx context.Context) {
			for want, o := range map[string]asyncio.DatagramOptions{
				"neither an address, nor a network, nor a socket": {},
				`use "udp4" or "udp6"`:                            {Network: "udp"},
				`network "tcp"`:                                   {Network: "tcp", LocalAddress: "127.0.0.1:0"},
				"missing port in address":                         {LocalAddress: "127.0.0.1"},
				"port out of range":                               {RemoteAddress: "127.0.0.1:70000"},
				"no addresses of one family":                      {LocalAddress: "127.0.0.1:0", RemoteAddress: "[::1]:9"},
				"a MaxSize of -1":                                 {Network: "udp4", MaxSize: -1},
				"a Segment of 65536":                              {Network: "udp4", Segment: 1 << 16},
				"a MulticastTTL of 256":                           {Network: "udp4", MulticastTTL: 256},
				"127.0.0.1 is no multicast group":                 {Network: "udp4", Groups: []asyncio.MulticastGroup{{Addr: netip.MustParseAddr("127.0.0.1")}}},
				"invalid IP is no multicast group":                {Network: "udp4", Groups: []asyncio.MulticastGroup{{}}},
				`no interface named "nowhere"`:                    {Network: "udp4", MulticastInterface: "nowhere"},
				`no interface named "elsewhere"`:                  {Network: "udp4", Groups: []asyncio.MulticastGroup{{Addr: group[0].Addr, Interface: "elsewhere"}}},
				"is not of the address family ip6":                {Network: "udp6", Groups: group},
				"neither ports nor broadcasts":                    {Network: "unixgram", ReusePort: true},
				"no multicast groups":                             {Network: "unixgram", Groups: group},
				"neither Segment nor Coalesce":                    {Network: "unixgram", Coalesce: true},
				"too long for the path of a unix socket":          {Network: "unixgram", LocalAddress: strings.Repeat("x", 300)},
				"Sock and Conn":                                   {Sock: 1 << 20, Conn: &net.UDPConn{}},
			} {
				r, err := n.create(ctx, o)
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "asyncio: CreateDatagramEndpoint: ") || r != nil {
					n.Errorf("%+v: %v", o, err)
				}
			}
			if _, _, err := n.l.CreateDatagramEndpoint(ctx, nil, &local); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "the factory is nil") {
				n.Errorf("no factory: %v", err)
			}
			if _, _, err := n.l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return &receiver{} }, nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("no options: %v", err)
			}
		})
	})
	paperRow(t, "send", false, func(_ context.Context, m *mailbox) {
		for want, addr := range map[string]net.Addr{
			"has no remote address to send to":       nil,
			"a *net.UDPAddr or a *net.UnixAddr":      &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9},
			"loft 7":                                 foreign{},
			"nil address":                            (*net.UDPAddr)(nil),
			"takes addresses of family ip4":          udpAddr("[2001:db8::1]:9"),
			"port out of range":                      &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1 << 16},
			"the socket takes addresses of family i": &net.UnixAddr{Name: "/tmp/x", Net: "unixgram"},
		} {
			err := m.transport.SendTo([]byte("x"), addr)
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "asyncio: SendTo: ") {
				m.Errorf("%v: %v", addr, err)
			}
		}
		m.wants("", 0)
		if m.s.sends != 0 || m.history() != "made" {
			m.Errorf("%d tries; %s", m.s.sends, m.history())
		}
		m.sends("mapped", udpAddr("[::ffff:127.0.0.1]:9"))
		m.wants("mapped>127.0.0.1:9", 0)
	})
	paperRow(t, "methods", false, func(ctx context.Context, m *mailbox) {
		tr := m.transport
		wantError(m, tr.SetProtocol(nil), asyncio.ErrInvalidArgument)
		wantError(m, tr.SetWriteBufferLimits(1, 2), asyncio.ErrInvalidArgument)
		group := asyncio.MulticastGroup{Addr: netip.MustParseAddr("224.0.0.251")}
		wantError(m, tr.JoinGroup(asyncio.MulticastGroup{Addr: netip.MustParseAddr("ff02::fb")}), asyncio.ErrInvalidArgument)
		m.check(tr.JoinGroup(group))
		m.check(tr.LeaveGroup(group))
		if !m.sockets.was("join 224.0.0.251:0 0") || !m.sockets.was("leave 224.0.0.251:0 0") {
			m.Errorf("asked %v", m.sockets.asked)
		}
		elsewhere(func() {
			for what, err := range map[string]error{
				"SendTo": tr.SendTo(nil, whom), "Close": tr.Close(), "SetProtocol": tr.SetProtocol(m.receiver), "JoinGroup": tr.JoinGroup(group),
				"LeaveGroup": tr.LeaveGroup(group), "SetWriteBufferLimits": tr.SetWriteBufferLimits(1, 0),
			} {
				if !errors.Is(err, asyncio.ErrWrongGoroutine) {
					m.Errorf("%s elsewhere: %v", what, err)
				}
			}
			tr.Abort() // goes to the loop
		})
		m.until(ctx, "the end", func() bool { return m.lost })
		wantError(m, tr.JoinGroup(group), net.ErrClosed)
		wantError(m, tr.SendTo(nil, whom), net.ErrClosed)
		m.check(errors.Join(tr.Close(), tr.SetProtocol(m.receiver)))
		if tr.GetProtocol() != nil || !tr.IsClosing() || tr.LocalAddr() == nil {
			m.Errorf("protocol %v, closing=%v, at %v", tr.GetProtocol(), tr.IsClosing(), tr.LocalAddr())
		}
	})
	netRow(t, "loop-closed", func(n *netTest) {
		var r *receiver
		n.run(func(ctx context.Context) { r = n.endpoint(ctx, local) })
		n.check(n.l.Close())
		wantError(n, r.transport.SendTo(nil, whom), net.ErrClosed)
		if r.history() != "made" || n.log.Count("unclosed transport <DatagramTransport") != 1 || !r.transport.IsClosing() {
			n.Errorf("%s; logged %v", r.history(), n.log)
		}
		_, _, err := n.l.CreateDatagramEndpoint(context.Background(), func() asyncio.DatagramProtocol { return r }, &local)
		wantError(n, err, asyncio.ErrLoopClosed)
	})
	looplessRow(t, "protocols.003.datagram-protocol-noop", func(t *testing.T) {
		var p asyncio.BaseDatagramProtocol
		p.ConnectionMade(nil)
		p.DatagramReceived([]byte("data"), whom)
		p.ErrorReceived(errBoom)
		p.PauseWriting()
		p.ResumeWriting()
		p.ConnectionLost(errBoom)
	})
	looplessRow(t, "protocols.010.abstract-datagram", func(t *testing.T) {
		var tr asyncio.DatagramTransport = asyncio.UnimplementedDatagramTransport{}
		for what, err := range map[string]error{
			"SendTo": tr.SendTo(nil, nil), "Close": tr.Close(), "SetProtocol": tr.SetProtocol(nil), "SetWriteBufferLimits": tr.SetWriteBufferLimits(0, 0),
			"JoinGroup": tr.JoinGroup(asyncio.MulticastGroup{}), "LeaveGroup": tr.LeaveGroup(asyncio.MulticastGroup{}),
		} {
			if !errors.Is(err, asyncio.ErrNotImplemented) {
				t.Errorf("%s: %v", what, err)
			}
		}
		tr.Abort()
		low, high := tr.GetWriteBufferLimits()
		if tr.IsClosing() || tr.GetExtraInfo("socket") != nil || tr.LocalAddr() != nil || tr.RemoteAddr() != nil || tr.GetProtocol() != nil || tr.GetWriteBufferSize()+low+high != 0 {
			t.Error("an absent transport has something")
		}
	})
}
