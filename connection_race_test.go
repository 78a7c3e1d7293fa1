package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

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
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"host": answers}})
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
	netRow(t, "base.042.connect-multiple-errors", func(n *netTest) {
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
	netRow(t, "base.706.connect-all-errors", func(n *netTest) {
		tried, _ := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"[2::2]:80", syscall.ENETUNREACH})
		n.run(func(ctx context.Context) {
			for _, delay := range []time.Duration{0, time.Hour} {
				*tried = nil
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{AllErrors: true, HappyEyeballsDelay: delay})
				group := (*asyncio.GroupError)(nil)
				if !errors.As(err, &group) || len(group.Errors) != 2 || !errors.Is(group.Errors[0], syscall.ECONNREFUSED) || !errors.Is(group.Errors[1], syscall.ENETUNREACH) {
					n.Errorf("delay %v: got %v", delay, err)
				}
				if len(*tried) != 2 {
					n.Errorf("delay %v: tried %v", delay, *tried)
				}
			}
		})
	})
	netRow(t, "base.707.connect-all-errors-one", func(n *netTest) {
		scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{AllErrors: true})
			if group := (*asyncio.GroupError)(nil); !errors.As(err, &group) || len(group.Errors) != 1 || !errors.Is(err, syscall.ECONNREFUSED) {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "base.708.connect-all-errors-local", func(n *netTest) {
		_, f := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"1.1.1.2:80", syscall.ECONNREFUSED})
		binds := 0
		f.bind = func(sock.Addr) error { binds++; return onlyFor(binds == 1, asyncio.ErrAddrInUse) }
		asyncio.ResolverOf(n.l).(*namesOf).answers["local"] = []string{"127.0.0.1:0"}
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{AllErrors: true, LocalAddress: "local:0"})
			if group := (*asyncio.GroupError)(nil); !errors.As(err, &group) || len(group.Errors) != 2 || !errors.Is(group.Errors[0], asyncio.ErrAddrInUse) || !errors.Is(group.Errors[1], syscall.ECONNREFUSED) {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "base.709.happy-eyeballs-no-errors", func(n *netTest) {
		// Somebody cancels the attempts, and not the call.
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = f
		eng.connect = func(uintptr, sock.Addr, func(error)) (func(), error) { return func() {}, nil }
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"host": {"1.1.1.1:80", "1.1.1.2:80"}}})
		n.run(func(ctx context.Context) {
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{HappyEyeballsDelay: time.Hour})
				return struct{}{}, err
			})
			main := asyncio.CurrentTask()
			for !task.Done() {
				for _, t := range asyncio.AllTasks(n.l) {
					if t != asyncio.AnyTask(task) && t != main {
						t.Cancel()
					}
				}
				n.check(asyncio.Sleep(ctx, time.Microsecond))
			}
			err := task.Exception()
			if !errors.Is(err, asyncio.ErrTimeout) || errors.Is(err, asyncio.ErrCancelled) || len(f.opened) != 0 {
				n.Errorf("got %v, %d sockets left", err, len(f.opened))
			}
		})
	})
	netRow(t, "connected-to-itself", func(n *netTest) {
		// The system gives the socket the port that it is to connect to. Here it is the test
		// that does.
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = &ownAddress{fakeSockets: f}
		s := &asyncio.Server{}
		var target string
		n.run(func(ctx context.Context) { s, target = n.serve(ctx, nil) })
		n.run(func(ctx context.Context) {
			for _, c := range []struct {
				times   int // that it happens
				local   string
				opened  int
				refused bool
			}{
				{times: 1, opened: 2}, {times: 2, local: "127.0.0.1:0", opened: 3}, {times: 3, opened: 3, refused: true},
				{times: 1, local: "127.0.0.1:7", opened: 1}, // its user asked for a port: for this one, it may be
			} {
				own := &ownAddress{fakeSockets: f, times: c.times, addr: mustTCP(n, target)}
				eng.sockets = own
				f.closed = 0
				tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", target, &asyncio.ConnectionOptions{LocalAddress: c.local})
				if c.refused != (err != nil) || err != nil && !errors.Is(err, asyncio.ErrConnRefused) {
					n.Errorf("%+v: got %v", c, err)
				}
				if own.opened != c.opened {
					n.Errorf("%+v: %d sockets opened", c, own.opened)
				}
				if err == nil {
					tr.Abort()
				} else if f.closed != c.opened {
					n.Errorf("%+v: %d of %d sockets closed", c, f.closed, c.opened)
				}
				n.passes(ctx)
			}
			s.Close()
			s.AbortClients()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "base.043.connect-timeout-closes-socket", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", asyncio.ErrTimeout}, outcome{"1.1.1.2:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", nil)
			if !errors.Is(err, asyncio.ErrTimeout) || errors.Is(err, syscall.ECONNREFUSED) {
				n.Errorf("got %v", err)
			}
			if len(*tried) != 1 || len(f.opened) != 0 || f.closed != 1 {
				n.Errorf("tried %v, %d sockets left, %d closed", *tried, len(f.opened), f.closed)
			}
		})
	})
	netRow(t, "base.053.connect-local-addr-errors", func(n *netTest) {
		tried, f := scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED}, outcome{"[2::2]:80", syscall.ECONNREFUSED})
		f.bind = func(a sock.Addr) error { return onlyFor(a.Family() == sock.Inet6, syscall.EADDRINUSE) }
		asyncio.ResolverOf(n.l).(*namesOf).answers["local"] = []string{"127.0.0.1:0", "[::1]:0"}
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{LocalAddress: "local:0"})
			if err == nil || !strings.Contains(err.Error(), "Multiple exceptions: ") ||
				!errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, syscall.EADDRINUSE) {
				n.Errorf("got %v", err)
			}
			if len(*tried) != 1 || len(f.opened) != 0 || f.closed != 2 {
				n.Errorf("tried %v, %d sockets left, %d closed", *tried, len(f.opened), f.closed)
			}
		})
	})
	netRow(t, "base.054.connect-ip-literal", func(n *netTest) {
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
			if asked := asyncio.ResolverOf(n.l).(*namesOf).hosts; len(asked) != 0 {
				n.Errorf("looked up %v", asked)
			}
		})
	})
	netRow(t, "base.055.connect-ipv6-scope", func(n *netTest) {
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
	netRow(t, "base.051.connect-empty-lookup", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", nil)
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "host" {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "base.056.connect-local-addr-lookup-empty", func(n *netTest) {
		scene(n, outcome{"1.1.1.1:80", syscall.ECONNREFUSED})
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{LocalAddress: "local:0"})
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "local" {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "all-fail-alike", func(n *netTest) {
		scene(n, outcome{"1.1.1.1:80", errOdd}, outcome{"1.1.1.2:80", errOdd})
		n.run(func(ctx context.Context) {
			if got := asyncio.Combine([]error{errOdd, errors.New("odd")}); got != errOdd {
				n.Errorf("combined to %v", got)
			}
		})
	})
	netRow(t, "interleaved", func(n *netTest) {
		refuse := syscall.ECONNREFUSED
		for interleave, want := range map[int]string{
			0: "[[2::1]:80 [2::2]:80 [2::3]:80 1.1.1.1:80]",
			1: "[[2::1]:80 1.1.1.1:80 [2::2]:80 [2::3]:80]",
			2: "[[2::1]:80 [2::2]:80 1.1.1.1:80 [2::3]:80]",
		} {
			tried, _ := scene(n, outcome{"[2::1]:80", refuse}, outcome{"[2::2]:80", refuse}, outcome{"[2::3]:80", refuse}, outcome{"1.1.1.1:80", refuse})
			n.run(func(ctx context.Context) {
				n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{Interleave: interleave})
				if fmt.Sprint(*tried) != want {
					n.Errorf("interleave %d: tried %v", interleave, *tried)
				}
			})
		}
	})
	netRow(t, "base.102a.happy-eyeballs", func(n *netTest) {
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = f
		s := &asyncio.Server{}
		var target string
		n.run(func(ctx context.Context) { s, target = n.serve(ctx, nil) })
		port := target[strings.LastIndex(target, ":"):]
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{
			"slow": {"[2::1]" + port, "[2::2]" + port, "127.0.0.1" + port, "127.0.0.2" + port},
			"dead": {"[2::1]" + port, "1.1.1.1" + port, "[2::2]" + port},
		}})
		var order []string
		withdrawn := 0
		const delay = time.Hour
		eng.connect = func(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
			text := strings.TrimSuffix(addr.String(), port)
			order = append(order, text)
			switch text {
			case "[2::1]": // never answers, until the loop's clock says that it has taken too long
				n.clock.skip(delay)
				return func() { withdrawn++ }, nil
			case "[2::2]", "1.1.1.1":
				return nil, syscall.ENETUNREACH
			}
			return eng.Engine.Connect(fd, addr, done)
		}
		n.run(func(ctx context.Context) {
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "slow"+port, &asyncio.ConnectionOptions{HappyEyeballsDelay: delay, Interleave: 2})
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
			_, _, err = n.l.CreateConnection(ctx, plainFactory, "tcp", "dead"+port, &asyncio.ConnectionOptions{HappyEyeballsDelay: delay})
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
	netRow(t, "happy-eyeballs-cancelled", func(n *netTest) {
		eng := n.script()
		f := &fakeSockets{}
		eng.sockets = f
		withdrawn := 0
		eng.connect = func(uintptr, sock.Addr, func(error)) (func(), error) { return func() { withdrawn++ }, nil }
		asyncio.SetResolver(n.l, &namesOf{answers: map[string][]string{"host": {"1.1.1.1:80", "1.1.1.2:80", "1.1.1.3:80"}}})
		n.run(func(ctx context.Context) {
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:80", &asyncio.ConnectionOptions{HappyEyeballsDelay: time.Millisecond})
				return struct{}{}, err
			})
			n.until(ctx, "two attempts", func() bool { return len(f.opened) >= 2 })
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("got %v", err)
			}
			n.until(ctx, "the attempts to end", func() bool { return len(f.opened) == 0 })
			if withdrawn != f.closed {
				n.Errorf("%d withdrawn, %d closed", withdrawn, f.closed)
			}
		})
	})
}

// ownAddress are sockets the first of which, of those that are opened, have an address that
// they have not. Whichever port one is to be bound to, it gets a free one.
type ownAddress struct {
	*fakeSockets
	times  int
	addr   sock.Addr
	opened int
	fresh  uintptr // the socket that was opened last, until it is asked for
}

func (o *ownAddress) Open(f sock.Family, typ sock.Type) (uintptr, error) {
	o.opened++
	fd, err := o.fakeSockets.Open(f, typ)
	o.fresh = fd
	return fd, err
}

func (o *ownAddress) Bind(fd uintptr, a sock.Addr) error {
	return o.fakeSockets.Bind(fd, a.WithPort(0))
}

func (o *ownAddress) LocalAddr(fd uintptr) (sock.Addr, error) {
	if o.times > 0 && o.fresh == fd { // not one that was accepted, and has the number of an earlier one
		o.times--
		o.fresh = sock.Invalid
		return o.addr, nil
	}
	return o.fakeSockets.LocalAddr(fd)
}

func mustTCP(n *netTest, address string) sock.Addr {
	n.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", address)
	n.check(err)
	a, err := sock.AddrOf(tcp)
	n.check(err)
	return a
}

// TestStaggeredRace is the race by itself.
func TestStaggeredRace(t *testing.T) {
	t.Parallel()
	netRow(t, "base.102b.staggered-results", func(n *netTest) {
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
			r := asyncio.Race[int]{
				Loop:     n.l,
				Attempts: []func(context.Context) (int, error){attempt(0, syscall.ENOENT), attempt(1, nil), attempt(2, nil)},
				Discard:  func(int) { n.Error("a second winner") },
			}
			for _, r.Delay = range []time.Duration{0, time.Hour} {
				v, winner, errs, err := r.Run(ctx)
				if v != 1 || winner != 1 || len(errs) != 2 || errs[0] != syscall.ENOENT || errs[1] != nil || err != nil {
					n.Errorf("delay %v: %d, winner %d, errors %v, %v", r.Delay, v, winner, errs, err)
				}
				if most != 1 {
					n.Errorf("delay %v: %d attempts at a time", r.Delay, most)
				}
			}
			r.Attempts = r.Attempts[:1]
			if _, winner, errs, err := r.Run(ctx); winner != -1 || len(errs) != 1 || err != nil {
				n.Errorf("nobody wins: %d, %v, %v", winner, errs, err)
			}
		})
	})
	netRow(t, "base.717.staggered-two-winners", func(n *netTest) {
		n.run(func(ctx context.Context) {
			gate := asyncio.NewFuture[struct{}](n.l)
			begun := 0
			late := func(v int) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					begun++
					_, err := gate.Await(ctx)
					return v, err
				}
			}
			r := asyncio.Race[int]{
				Loop: n.l, Delay: time.Microsecond,
				Attempts: []func(context.Context) (int, error){late(0), late(1), late(2)},
				Discard:  func(int) { n.Error("a second winner") },
			}
			open := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				n.until(ctx, "all attempts", func() bool { return begun == 3 })
				return struct{}{}, gate.SetResult(struct{}{})
			})
			v, winner, errs, err := r.Run(ctx)
			n.check(err)
			if v != 0 || winner != 0 || len(errs) != 3 || errs[0] != nil || !errors.Is(errs[1], asyncio.ErrCancelled) || !errors.Is(errs[2], asyncio.ErrCancelled) {
				n.Errorf("%d won (%d), errors %v", winner, v, errs)
			}
			n.check(open.Exception())
		})
	})
	netRow(t, "a-winner-has-an-owner", func(n *netTest) {
		// Whenever the race is cancelled: what was made is returned or discarded.
		n.run(func(ctx context.Context) {
			const most = 30
			for passes := range most {
				made, discarded := 0, 0
				attempt := func(long int) func(context.Context) (int, error) {
					return func(ctx context.Context) (int, error) {
						for range long {
							if err := asyncio.Sleep(ctx, 0); err != nil {
								return 0, err
							}
						}
						made++
						return long, nil
					}
				}
				r := asyncio.Race[int]{
					Loop: n.l, Delay: 1, Discard: func(int) { discarded++ },
					Attempts: []func(context.Context) (int, error){attempt(5), attempt(4), attempt(3)},
				}
				task := asyncio.CreateTask(n.l, func(ctx context.Context) (int, error) {
					_, winner, _, err := r.Run(ctx)
					return winner, err
				})
				for range passes {
					n.check(asyncio.Sleep(ctx, 0))
				}
				task.Cancel()
				_, err := task.Await(ctx)
				n.passes(ctx)
				returned := 0
				if err == nil {
					returned = 1
				}
				if made != discarded+returned {
					n.Errorf("cancelled after %d passes: %d made, %d discarded, %d returned (%v)", passes, made, discarded, returned, err)
				}
			}
		})
	})
	netRow(t, "base.718.staggered-cancelled-twice", func(n *netTest) {
		n.run(func(ctx context.Context) {
			begun, cancels := 0, 0
			slow := func(ctx context.Context) (int, error) { // takes two cancellations to end
				begun++
				for range 2 {
					if err := asyncio.Sleep(ctx, time.Hour); !errors.Is(err, asyncio.ErrCancelled) {
						n.Errorf("got %v", err)
					}
					cancels++
				}
				return 0, asyncio.ErrCancelled
			}
			r := asyncio.Race[int]{Loop: n.l, Delay: time.Microsecond, Attempts: []func(context.Context) (int, error){slow, slow}}
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (int, error) {
				_, winner, _, err := r.Run(ctx)
				return winner, err
			})
			n.until(ctx, "both attempts", func() bool { return begun == 2 })
			task.Cancel("first")
			n.passes(ctx)
			if cancels != 2 || task.Done() {
				n.Fatalf("%d cancelled once, done is %v", cancels, task.Done())
			}
			task.Cancel("second")
			_, err := task.Await(ctx)
			if c := (*asyncio.CancelledError)(nil); !errors.As(err, &c) || c.Message != "second" || cancels != 4 {
				n.Errorf("got %v after %d cancellations", err, cancels)
			}
		})
	})
	netRow(t, "base.719.staggered-eager", func(n *netTest) {
		n.check(n.l.SetTaskFactory(func(_ asyncio.EventLoop, s *asyncio.TaskSpec) error { s.Eager = true; return nil }))
		n.run(func(ctx context.Context) {
			begun := 0
			step := func(f func(ctx context.Context) (int, error)) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					if begun++; begun < 3 { // the next one begins because it is its time
						_, err := n.l.CallSoon(func() { n.clock.skip(time.Hour) })
						n.check(err)
					}
					return f(ctx)
				}
			}
			third := asyncio.NewFuture[struct{}](n.l)
			r := asyncio.Race[int]{
				Loop: n.l, Delay: time.Hour, Discard: func(int) { n.Error("a second winner") },
				Attempts: []func(context.Context) (int, error){
					step(func(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, 100*time.Hour) }),
					step(func(ctx context.Context) (int, error) { _, err := third.Await(ctx); return 1, err }),
					step(func(ctx context.Context) (int, error) {
						n.check(third.SetResult(struct{}{}))
						return 2, syscall.ENOENT
					}),
				},
			}
			v, winner, errs, err := r.Run(ctx)
			if v != 1 || winner != 1 || err != nil || len(errs) != 3 || !errors.Is(errs[0], asyncio.ErrCancelled) || errs[1] != nil || errs[2] != syscall.ENOENT {
				n.Errorf("%d won with %d, errors %v, %v", winner, v, errs, err)
			}
			// What wins at once.
			r.Attempts = []func(context.Context) (int, error){
				func(context.Context) (int, error) { return 0, syscall.ENOENT },
				func(context.Context) (int, error) { return 1, nil },
				func(context.Context) (int, error) { n.Error("tried on"); return 2, nil },
			}
			if v, winner, errs, err = r.Run(ctx); v != 1 || winner != 1 || err != nil || len(errs) != 2 {
				n.Errorf("%d won with %d, errors %v, %v", winner, v, errs, err)
			}
		})
	})
	netRow(t, "not-a-failure", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, delay := range []time.Duration{0, time.Hour} {
				r := asyncio.Race[int]{
					Loop: n.l, Delay: delay,
					Attempts: []func(context.Context) (int, error){
						func(context.Context) (int, error) { return 0, errOdd },
						func(context.Context) (int, error) { n.Error("tried on"); return 1, nil },
					},
				}
				if _, winner, _, err := r.Run(ctx); err != errOdd || winner != -1 {
					n.Errorf("winner %d, %v", winner, err)
				}
			}
		})
	})
}
