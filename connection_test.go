package asyncio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestCreateConnection is how connections are made over real sockets.
func TestCreateConnection(t *testing.T) {
	t.Parallel()
	overSelectors(t, "events.013.create-connection", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, func(r *recorder) {
				r.onData = func(p []byte) { r.transport.Write(append([]byte("re: "), p...)) }
			})
			client := &recorder{}
			client.onMade = func(t Transport) { t.Write([]byte("question")) }
			tr, p, err := n.l.CreateConnection(ctx, func() Protocol { return client }, "tcp", addr, nil)
			if err != nil {
				n.Fatal(err)
			}
			if tr != client.transport || p != Protocol(client) {
				n.Error("not the transport that ConnectionMade got, or not the protocol")
			}
			if a := tr.GetExtraInfo("sockname"); a == nil || a.(net.Addr).String() != tr.LocalAddr().String() || tr.RemoteAddr().String() != addr {
				n.Errorf("from %v to %v", a, tr.RemoteAddr())
			}
			n.until(ctx, "the answer", func() bool { return string(client.data) == "re: question" })
			s.CloseClients()
			n.until(ctx, "the end", func() bool { return client.lost })
			if client.lostErr != nil {
				n.Error(client.lostErr)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	overSelectors(t, "events.017.local-addr", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			free := freePort(n)
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", addr, &ConnectionOptions{LocalAddress: free})
			if err != nil {
				n.Fatal(err)
			}
			if got := tr.LocalAddr().String(); got != free {
				n.Errorf("local address %s, want %s", got, free)
			}
			tr.Abort()
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	overSelectors(t, "events.018.local-addr-no-matching-family", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "127.0.0.1:1", &ConnectionOptions{LocalAddress: "[::1]:0"})
			if !errors.Is(err, errAddrNotAvailable) || !strings.Contains(err.Error(), "no matching local address") {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "events.019.connect-accepted-socket", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, asConn := range []bool{false, true} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				n.check(err)
				client := dialPlain(n, l.Addr().String())
				accepted, err := l.Accept()
				n.check(err)
				l.Close()
				r := &recorder{}
				r.onData = func(p []byte) { r.transport.Write(p) }
				var fd uintptr
				o := &ConnectionOptions{}
				if asConn {
					o.Conn = accepted
				} else {
					fd, err = sock.FromConn(accepted)
					n.check(err)
				}
				tr, p, err := n.l.ConnectAcceptedSocket(ctx, func() Protocol { return r }, fd, o)
				if err != nil {
					n.Fatal(err)
				}
				accepted.Close()
				if tr != r.transport || p != Protocol(r) || fd != 0 && tr.GetExtraInfo("socket") != any(fd) {
					n.Errorf("socket %v, want %d", tr.GetExtraInfo("socket"), fd)
				}
				client.Write([]byte("hello"))
				client.CloseWrite()
				got := readAll(n, client)
				n.until(ctx, "the end", func() bool { return r.lost })
				if string(<-got) != "hello" || string(r.data) != "hello" || r.lostErr != nil {
					n.Errorf("%q, %v", r.data, r.lostErr)
				}
			}
		})
	})
	overSelectors(t, "connected-socket", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			c := dialPlain(n, addr)
			fd, err := sock.FromConn(c)
			n.check(err)
			c.Close()
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "", &ConnectionOptions{Sock: fd})
			if err != nil {
				n.Fatal(err)
			}
			if tr.RemoteAddr().String() != addr {
				n.Errorf("connected to %v", tr.RemoteAddr())
			}
			tr.Abort()
			p1, p2 := net.Pipe()
			defer p1.Close()
			defer p2.Close()
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "", "", &ConnectionOptions{Conn: p1}); !errors.Is(err, errors.ErrUnsupported) {
				n.Errorf("a net.Pipe: %v", err)
			}
			udp := boundSocket(n, sock.Datagram)
			defer sock.Close(udp)
			if _, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, udp, nil); !errors.Is(err, ErrInvalidArgument) {
				n.Errorf("a datagram socket: %v", err)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	overSelectors(t, "base.052.connect-single-error", func(n *netTest) {
		n.run(func(ctx context.Context) {
			addr := freePort(n)
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", addr, nil)
			if !errors.Is(err, errConnRefused) || !strings.Contains(err.Error(), addr) || strings.Contains(err.Error(), "Multiple") {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "base.095.set-nodelay", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			for _, r := range []*recorder{client, server} {
				if on, err := noDelay(r.transport.GetExtraInfo("socket").(uintptr)); !on || err != nil {
					n.Errorf("no-delay is %v, %v", on, err)
				}
			}
			client.transport.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
		})
	})
	overSelectors(t, "protocols.013.buffered-end-to-end", func(n *netTest) {
		n.run(func(ctx context.Context) {
			want := pattern(9 << 10)
			var server *recorder
			s, addr := n.serve(ctx, func(r *recorder) {
				server = r
				r.onMade = func(t Transport) { t.Write(want) }
				r.onData = func(p []byte) { r.transport.Close() }
			})
			b := &bufferedRecorder{size: 100}
			b.upd = func(int) {
				if len(b.data) == len(want) {
					b.transport.Write([]byte("thanks"))
				}
			}
			if _, _, err := n.l.CreateConnection(ctx, func() Protocol { return b }, "tcp", addr, nil); err != nil {
				n.Fatal(err)
			}
			n.until(ctx, "the end", func() bool { return b.lost && server.lost })
			if string(b.data) != string(want) || string(server.data) != "thanks" || b.lostErr != nil {
				n.Errorf("%d bytes, answer %q, %v", len(b.data), server.data, b.lostErr)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	overSelectors(t, "factory-panics", func(n *netTest) {
		n.expectErrors = true
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			_, _, err := n.l.CreateConnection(ctx, func() Protocol { panic("in factory") }, "tcp", addr, nil)
			if p := (*PanicError)(nil); !errors.As(err, &p) || p.Value != "in factory" {
				n.Errorf("got %v", err)
			}
			if _, _, err := n.l.CreateConnection(ctx, func() Protocol { return nil }, "tcp", addr, nil); !errors.Is(err, ErrInvalidArgument) {
				n.Errorf("a nil protocol: %v", err)
			}
			s.Close()
			n.check(s.WaitClosed(ctx)) // both sockets were closed
		})
	})
	overSelectors(t, "cancelled-while-connecting", func(n *netTest) {
		n.run(func(ctx context.Context) {
			task := CreateTask(n.l, func(ctx context.Context) (Transport, error) {
				tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", blackHole(n), nil)
				return tr, err
			})
			n.passes(ctx)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, ErrCancelled) {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "caller-leaves", func(n *netTest) {
		// From another goroutine, whose context ends first: the attempt is withdrawn.
		stop := NewFuture[struct{}](n.l)
		go func() {
			defer stop.SetResult(struct{}{})
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", blackHole(n), nil); !errors.Is(err, context.DeadlineExceeded) {
				n.Errorf("got %v", err)
			}
		}()
		n.check(n.l.RunUntilComplete(stop))
		n.run(func(ctx context.Context) { // what was left behind is cancelled by now
			n.until(ctx, "the attempt's end", func() bool { return len(AllTasks(n.l)) == 1 })
		})
	})
}

// TestCreateConnectionAddresses: several addresses, and what each one says.
func TestCreateConnectionAddresses(t *testing.T) {
	t.Parallel()
	// host is a host with these addresses, each with what connecting to it gives.
	type outcome struct {
		addr string
		err  error
	}
	scene := func(n *netTest, outcomes ...outcome) (tried *[]string, f *fakeSockets) {
		eng := n.script()
		f = &fakeSockets{}
		eng.sockets = f
		tried = new([]string)
		answers := []string{}
		for _, o := range outcomes {
			answers = append(answers, o.addr)
		}
		n.l.netState.resolver = &namesOf{answers: map[string][]string{"host": answers}}
		eng.connect = func(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
			*tried = append(*tried, addr.String())
			for _, o := range outcomes {
				if o.addr == addr.String() {
					return nil, o.err
				}
			}
			return nil, errOdd
		}
		return tried, f
	}
	overSelectors(t, "base.042.connect-multiple-errors", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"[2::2]:80", syscall.ENETUNREACH})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", nil)
			want := "Multiple exceptions: connect to 1.1.1.1:80: connection refused, connect to [2::2]:80: network is unreachable"
			if err == nil || !strings.Contains(err.Error(), want) {
				n.Errorf("got %v", err)
			}
			if !errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, syscall.ENETUNREACH) {
				n.Errorf("the single errors are not reachable in %v", err)
			}
			if len(*tried) != 2 || len(f.opened) != 0 {
				n.Errorf("tried %v, %d sockets left", *tried, len(f.opened))
			}
		})
	})
	overSelectors(t, "base.043.connect-timeout-closes-socket", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", ErrTimeout}, outcome{"1.1.1.2:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", nil)
			if !errors.Is(err, ErrTimeout) || errors.Is(err, syscall.ECONNREFUSED) {
				n.Errorf("got %v", err)
			}
			if len(*tried) != 1 || len(f.opened) != 0 || f.closed != 1 {
				n.Errorf("tried %v, %d sockets left, %d closed", *tried, len(f.opened), f.closed)
			}
		})
	})
	overSelectors(t, "base.053.connect-local-addr-errors", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"[2::2]:80", syscall.ECONNREFUSED})
		f.bind = func(a sock.Addr) error { return onlyFor(a.Family() == sock.Inet6, syscall.EADDRINUSE) }
		n.l.netState.resolver.(*namesOf).answers["local"] = []string{"127.0.0.1:0", "[::1]:0"}
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &ConnectionOptions{LocalAddress: "local:0"})
			if err == nil || !strings.Contains(err.Error(), "Multiple exceptions: ") ||
				!errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, syscall.EADDRINUSE) {
				n.Errorf("got %v", err)
			}
			if len(*tried) != 1 || len(f.opened) != 0 || f.closed != 2 {
				n.Errorf("tried %v, %d sockets left, %d closed", *tried, len(f.opened), f.closed)
			}
		})
	})
	overSelectors(t, "base.054.connect-ip-literal", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"[2::2]:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			families := []sock.Family{}
			f.open = func(family sock.Family) error { families = append(families, family); return nil }
			for _, addr := range []string{"1.1.1.1:80", "[2::2]:80"} {
				if _, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", addr, nil); !errors.Is(err, syscall.ECONNREFUSED) {
					n.Errorf("got %v", err)
				}
			}
			if fmt.Sprint(*tried) != "[1.1.1.1:80 [2::2]:80]" || fmt.Sprint(families) != "[ip4 ip6]" {
				n.Errorf("tried %v of families %v", *tried, families)
			}
			if asked := n.l.netState.resolver.(*namesOf).hosts; len(asked) != 0 {
				n.Errorf("looked up %v", asked)
			}
		})
	})
	overSelectors(t, "base.055.connect-ipv6-scope", func(n *netTest) {
		eng := n.script()
		var got sock.Addr
		eng.connect = func(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
			got = addr
			return nil, syscall.ECONNREFUSED
		}
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "[fe80::1%1]:80", nil)
			if !errors.Is(err, syscall.ECONNREFUSED) {
				n.Errorf("got %v", err)
			}
			if ip := got.AddrPort().Addr().WithZone("").String(); ip != "fe80::1" || got.ScopeID() != 1 || got.Port() != 80 {
				n.Errorf("connected to %s scope %d", ip, got.ScopeID())
			}
		})
	})
	overSelectors(t, "base.051.connect-empty-lookup", func(n *netTest) {
		n.l.netState.resolver = &namesOf{}
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", nil)
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "host" {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "base.056.connect-local-addr-lookup-empty", func(n *netTest) {
		scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &ConnectionOptions{LocalAddress: "local:0"})
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "local" {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "all-fail-alike", func(n *netTest) {
		scene(n, outcome{"1.1.1.1:80", errOdd}, outcome{"1.1.1.2:80", errOdd})
		n.run(func(ctx context.Context) {
			if got := combine([]error{errOdd, errors.New("odd")}); got != errOdd {
				n.Errorf("combined to %v", got)
			}
		})
	})
	overSelectors(t, "interleaved", func(n *netTest) {
		refuse := syscall.ECONNREFUSED
		for interleave, want := range map[int]string{
			0: "[[2::1]:80 [2::2]:80 [2::3]:80 1.1.1.1:80]",
			1: "[[2::1]:80 1.1.1.1:80 [2::2]:80 [2::3]:80]",
			2: "[[2::1]:80 [2::2]:80 1.1.1.1:80 [2::3]:80]",
		} {
			tried, _ := scene(n, outcome{"[2::1]:80", refuse}, outcome{"[2::2]:80", refuse}, outcome{"[2::3]:80", refuse}, outcome{"1.1.1.1:80", refuse})
			n.run(func(ctx context.Context) {
				n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &ConnectionOptions{Interleave: interleave})
				if fmt.Sprint(*tried) != want {
					n.Errorf("interleave %d: tried %v", interleave, *tried)
				}
			})
		}
	})
	overSelectors(t, "base.102a.happy-eyeballs", func(n *netTest) {
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = f
		s := &Server{}
		var target string
		n.run(func(ctx context.Context) { s, target = n.serve(ctx, nil) })
		port := target[strings.LastIndex(target, ":"):]
		n.l.netState.resolver = &namesOf{answers: map[string][]string{
			"slow": {"[2::1]" + port, "[2::2]" + port, "127.0.0.1" + port, "127.0.0.2" + port},
			"dead": {"[2::1]" + port, "1.1.1.1" + port, "[2::2]" + port},
		}}
		var order []string
		withdrawn := 0
		eng.connect = func(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
			text := strings.TrimSuffix(addr.String(), port)
			order = append(order, text)
			switch text {
			case "[2::1]": // never answers
				return func() { withdrawn++ }, nil
			case "[2::2]", "1.1.1.1":
				return nil, syscall.ENETUNREACH
			}
			return eng.Engine.Connect(fd, addr, done)
		}
		n.run(func(ctx context.Context) {
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "slow"+port, &ConnectionOptions{HappyEyeballsDelay: 5 * time.Millisecond, Interleave: 2})
			if err != nil {
				n.Fatal(err)
			}
			if got := tr.RemoteAddr().String(); got != target {
				n.Errorf("connected to %s", got)
			}
			if fmt.Sprint(order) != "[[2::1] [2::2] 127.0.0.1]" || withdrawn != 1 {
				n.Errorf("tried %v, %d withdrawn", order, withdrawn)
			}
			tr.Abort()
			s.CloseClients()
			n.passes(ctx)
			if f.closed != 2 {
				n.Errorf("%d sockets of losers closed, want 2", f.closed)
			}
			// All fail: the errors are combined.
			order = nil
			eng.connect = func(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
				order = append(order, strings.TrimSuffix(addr.String(), port))
				return nil, syscall.ENETUNREACH
			}
			_, _, err = n.l.CreateConnection(ctx, plainFactory, "tcp", "dead"+port, &ConnectionOptions{HappyEyeballsDelay: time.Hour})
			if !errors.Is(err, syscall.ENETUNREACH) || !strings.Contains(err.Error(), "Multiple exceptions: ") {
				n.Errorf("got %v", err)
			}
			if fmt.Sprint(order) != "[[2::1] 1.1.1.1 [2::2]]" {
				n.Errorf("tried %v: families do not take turns", order)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	overSelectors(t, "happy-eyeballs-cancelled", func(n *netTest) {
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = f
		withdrawn := 0
		eng.connect = func(uintptr, sock.Addr, func(error)) (func(), error) { return func() { withdrawn++ }, nil }
		n.l.netState.resolver = &namesOf{answers: map[string][]string{"host": {"1.1.1.1:80", "1.1.1.2:80", "1.1.1.3:80"}}}
		n.run(func(ctx context.Context) {
			task := CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &ConnectionOptions{HappyEyeballsDelay: time.Millisecond})
				return struct{}{}, err
			})
			n.until(ctx, "two attempts", func() bool { return len(f.opened) >= 2 })
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, ErrCancelled) {
				n.Errorf("got %v", err)
			}
			n.until(ctx, "the attempts to end", func() bool { return len(f.opened) == 0 })
			if withdrawn != f.closed {
				n.Errorf("%d withdrawn, %d closed", withdrawn, f.closed)
			}
		})
	})
}

// TestStaggeredRace is the race by itself.
func TestStaggeredRace(t *testing.T) {
	t.Parallel()
	overSelectors(t, "base.102b.staggered-results", func(n *netTest) {
		n.run(func(ctx context.Context) {
			running, most := 0, 0
			attempt := func(v int, err error) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					running++
					most = max(most, running)
					n.passes(ctx)
					running--
					return v, err
				}
			}
			r := race[int]{
				loop:     n.l,
				attempts: []func(context.Context) (int, error){attempt(0, syscall.ENOENT), attempt(1, nil), attempt(2, nil)},
				goOn:     isSystemError,
				discard:  func(int) { n.Error("a second winner") },
			}
			for _, r.delay = range []time.Duration{0, time.Hour} {
				v, winner, errs, err := r.run(ctx)
				if v != 1 || winner != 1 || len(errs) != 2 || errs[0] != syscall.ENOENT || errs[1] != nil || err != nil {
					n.Errorf("delay %v: %d, winner %d, errors %v, %v", r.delay, v, winner, errs, err)
				}
				if most != 1 {
					n.Errorf("delay %v: %d attempts at a time", r.delay, most)
				}
			}
			r.attempts = r.attempts[:1]
			if _, winner, errs, err := r.run(ctx); winner != -1 || len(errs) != 1 || err != nil {
				n.Errorf("nobody wins: %d, %v, %v", winner, errs, err)
			}
		})
	})
	overSelectors(t, "two-winners", func(n *netTest) {
		n.run(func(ctx context.Context) {
			gate := NewFuture[struct{}](n.l)
			begun := 0
			late := func(v int) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					begun++
					_, err := gate.Await(ctx)
					return v, err
				}
			}
			var dropped []int
			r := race[int]{
				loop: n.l, delay: time.Microsecond, goOn: isSystemError,
				attempts: []func(context.Context) (int, error){late(0), late(1), late(2)},
				discard:  func(v int) { dropped = append(dropped, v) },
			}
			open := CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				n.until(ctx, "all attempts", func() bool { return begun == 3 })
				return struct{}{}, gate.SetResult(struct{}{})
			})
			v, winner, _, err := r.run(ctx)
			n.check(err)
			n.passes(ctx)
			if v != 0 || winner != 0 || fmt.Sprint(dropped) != "[1 2]" {
				n.Errorf("%d won (%d), dropped %v", winner, v, dropped)
			}
			n.check(open.Exception())
		})
	})
	overSelectors(t, "not-a-failure", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, delay := range []time.Duration{0, time.Hour} {
				r := race[int]{
					loop: n.l, delay: delay, goOn: isSystemError,
					attempts: []func(context.Context) (int, error){
						func(context.Context) (int, error) { return 0, errOdd },
						func(context.Context) (int, error) { n.Error("tried on"); return 1, nil },
					},
				}
				if _, winner, _, err := r.run(ctx); err != errOdd || winner != -1 {
					n.Errorf("winner %d, %v", winner, err)
				}
			}
		})
	})
}

// TestConnectionArguments: what contradicts itself is refused.
func TestConnectionArguments(t *testing.T) {
	t.Parallel()
	name, empty := "example.org", ""
	refuses := func(row string, cases map[string]*ConnectionOptions, says string) {
		overSelectors(t, row, func(n *netTest) {
			n.run(func(ctx context.Context) {
				for address, o := range cases {
					address = strings.Trim(address, "#")
					_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", address, o)
					if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), says) {
						n.Errorf("%q, %+v: got %v, want %q", address, o, err, says)
					}
				}
			})
		})
	}
	type options = ConnectionOptions
	refuses("base.044.connect-host-port-with-sock", map[string]*options{"host:80": {Sock: 99}, ":80": {Sock: 99}}, "at the same time")
	refuses("base.050.connect-nothing-given", map[string]*options{"": nil, "#": {}}, "neither an address nor a socket")
	refuses("base.059.server-hostname-without-tls", map[string]*options{"host:80": {ServerName: &name}, "host:80#": {ServerName: &empty}}, "only meaningful with TLS")
	refuses("base.060.tls-server-hostname-missing", map[string]*options{":80": {TLS: &tls.Config{}}, "": {TLS: &tls.Config{}, Sock: 99}}, "must set the server name")
	refuses("base.061.connect-handshake-timeout-without-tls", map[string]*options{"host:80": {TLSHandshakeTimeout: 1}, "host:80#": {TLSShutdownTimeout: 1}}, "only meaningful with TLS")
	refuses("odd-values", map[string]*options{"host:80": {HappyEyeballsDelay: -1}, "host:80#": {Interleave: -1}, "host": nil, "host:99999": nil}, "")
	overSelectors(t, "events.020.connect-accepted-socket-timeout-without-tls", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, o := range []*options{{TLSHandshakeTimeout: 1}, {TLSShutdownTimeout: 1}} {
				_, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, 99, o)
				if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "only meaningful with TLS") {
					n.Errorf("got %v", err)
				}
			}
			if _, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, 0, nil); !errors.Is(err, ErrInvalidArgument) {
				n.Errorf("no socket: %v", err)
			}
		})
	})
	overSelectors(t, "tls-not-there", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &options{TLS: &tls.Config{}})
			_, err2 := n.l.CreateServer(ctx, plainFactory, "tcp", "host:80", &ServerOptions{TLS: &tls.Config{}})
			_, _, err3 := n.l.ConnectAcceptedSocket(ctx, plainFactory, 99, &options{TLS: &tls.Config{}})
			for _, err := range []error{err, err2, err3} {
				if !errors.Is(err, errors.ErrUnsupported) {
					n.Errorf("got %v", err)
				}
			}
		})
	})
}

// TestLookUps: names are looked up off the loop, which owns what it starts.
func TestLookUps(t *testing.T) {
	t.Parallel()
	overSelectors(t, "loop-goes-on", func(n *netTest) {
		r := &namesOf{block: make(chan struct{}), answers: map[string][]string{"host": {"127.0.0.1:1"}}}
		n.l.netState.resolver = r
		n.run(func(ctx context.Context) {
			task := CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.passes(ctx)
			if task.Done() {
				n.Error("done without an answer")
			}
			close(r.block)
			if _, err := task.Await(ctx); !errors.Is(err, errConnRefused) {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "cancelled", func(n *netTest) {
		r := &namesOf{block: make(chan struct{})}
		n.l.netState.resolver = r
		n.run(func(ctx context.Context) {
			task := CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.passes(ctx)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, ErrCancelled) {
				n.Errorf("got %v", err)
			}
			n.until(ctx, "the look-up to be given up", func() bool { return r.ended.Load() == 1 })
		})
	})
	overSelectors(t, "loop-closed", func(n *netTest) {
		n.expectErrors = true // a task is destroyed
		r := &namesOf{block: make(chan struct{})}
		n.l.netState.resolver = r
		n.run(func(ctx context.Context) {
			CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.passes(ctx)
		})
		n.check(n.l.Close())
		if r.ended.Load() != 1 {
			n.Error("Close did not wait for the look-up")
		}
	})
	overSelectors(t, "error", func(n *netTest) {
		n.l.netState.resolver = &namesOf{err: errOdd}
		n.run(func(ctx context.Context) {
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "host") {
				n.Errorf("got %v", err)
			}
		})
	})
	overSelectors(t, "base.105.getaddrinfo-debug-slow", func(n *netTest) {
		n.l.netState.resolver = &namesOf{err: errOdd}
		n.l.SetDebug(true)
		n.run(func(ctx context.Context) {
			look := func() { n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil) }
			n.check(n.l.SetSlowCallbackDuration(time.Hour))
			look()
			n.check(n.l.SetSlowCallbackDuration(1))
			look()
		})
		var levels []string
		for line := range strings.Lines(n.log.String()) {
			if strings.Contains(line, "Getting address info") {
				_, rest, _ := strings.Cut(line, "level=")
				levels = append(levels, strings.Fields(rest)[0])
			}
		}
		if fmt.Sprint(levels) != "[DEBUG INFO]" {
			n.Errorf("logged at %v:\n%s", levels, n.log)
		}
	})
}

// freePort returns an address that nobody listens on.
func freePort(n *netTest) string {
	n.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// blackHole returns an address that never answers: the queue of its listener,
// which accepts nothing, is full.
func blackHole(n *netTest) string {
	n.Helper()
	fd := boundSocket(n, sock.Stream)
	n.Cleanup(func() { sock.Close(fd) })
	if err := sock.Listen(fd, 0); err != nil {
		n.Fatal(err)
	}
	a, err := sock.LocalAddr(fd)
	if err != nil {
		n.Fatal(err)
	}
	for range 3 {
		c, err := sock.Open(sock.Inet4, sock.Stream)
		if err != nil {
			n.Fatal(err)
		}
		n.Cleanup(func() { sock.Close(c) })
		to, err := sock.AddrOf(a)
		if err == nil {
			err = sock.Connect(c, to)
		}
		if err != nil && !sock.InProgress(err) {
			n.Fatal(err)
		}
	}
	return a.String()
}
