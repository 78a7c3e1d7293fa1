package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// sockWaiter is a task that makes a call on a socket, in a sweep.
type sockWaiter struct {
	task   *asyncio.Task[struct{}]
	cancel context.CancelFunc // of the context that it comes with
	begun  bool               // a task that is cancelled before it begins never does
	err    error
}

// sockEnds are the ways in which a call's wait may end otherwise.
var sockEnds = map[string]func(w *sockWaiter){
	"cancel":  func(w *sockWaiter) { w.task.Cancel() },
	"context": func(w *sockWaiter) { w.cancel() },
	"both":    func(w *sockWaiter) { w.cancel(); w.task.Cancel() },
	"undone":  func(w *sockWaiter) { w.task.Cancel(); w.task.Uncancel() },
}

// startWaiter begins a call in a task of its own, which has a context of its own.
func startWaiter(ctx context.Context, call func(ctx context.Context) error) *sockWaiter {
	w := &sockWaiter{}
	inner, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	w.task = asyncio.GoErr(inner, func(ctx context.Context) error {
		defer cancel()
		w.begun = true
		w.err = call(ctx)
		return nil // what it ended with is looked at, and no failure
	})
	return w
}

// sweepMost is how many passes a sweep looks at, which is more than any wait takes.
const sweepMost = 6

// TestSockReceiveSweep has three tasks receive from one socket, ends the wait of each in
// each pass, before and after bytes come in each pass: no byte is lost, and those that
// wait have them in the order in which they came.
func TestSockReceiveSweep(t *testing.T) {
	t.Parallel()
	for name, end := range sockEnds {
		sockSweep(t, name, func(ctx context.Context, n *netTest) {
			a, b := n.pairOfSockets()
			for which := range 3 {
				for sent := range sweepMost {
					for ended := range sweepMost {
						for _, first := range []bool{false, true} {
							what := fmt.Sprintf("call %d ended in pass %d, bytes came in pass %d, ended first %v", which, ended, sent, first)
							receiveInstant(ctx, n, what, a, b, func(pass int, ws []*sockWaiter, send func()) {
								if first && pass == ended {
									end(ws[which])
								}
								if pass == sent {
									send()
								}
								if !first && pass == ended {
									end(ws[which])
								}
							})
						}
					}
				}
			}
		})
	}
}

func receiveInstant(ctx context.Context, n *netTest, what string, a, b *asyncio.Socket, act func(pass int, ws []*sockWaiter, send func())) {
	n.Helper()
	var got bytes.Buffer
	ws := make([]*sockWaiter, 3)
	for i := range ws {
		ws[i] = startWaiter(ctx, func(ctx context.Context) error {
			p, err := n.l.SockRecv(ctx, a, 1)
			got.Write(p)
			return err
		})
	}
	const message = "abc"
	for pass := range sweepMost {
		act(pass, ws, func() {
			if _, err := n.l.SockSendAll(ctx, b, []byte(message)); err != nil {
				n.Errorf("%s: %v", what, err)
			}
		})
		passes(n, ctx, 1)
	}
	failed := 0
	for i, w := range ws {
		_, err := w.task.Await(ctx)
		if w.err != nil {
			failed++
		}
		if w.err != nil && !errors.Is(w.err, context.Canceled) || err != nil && w.err == nil && !errors.Is(err, context.Canceled) {
			n.Errorf("%s: call %d: %v, its task: %v", what, i, w.err, err)
		}
	}
	if failed > 1 {
		n.Errorf("%s: %d calls failed", what, failed)
	}
	got.Write(n.receiveAll(ctx, a, len(message)-got.Len()))
	want(n, what+": received", got.String(), message)
	n.released(a)
}

// TestSockAcceptSweep is the same for connections: each is accepted once, and none lost.
func TestSockAcceptSweep(t *testing.T) {
	t.Parallel()
	for name, end := range sockEnds {
		netRow(t, name, func(n *netTest) {
			r := n.record()
			n.run(func(ctx context.Context) {
				s := n.listening()
				for came := range sweepMost {
					for ended := range sweepMost {
						for _, first := range []bool{false, true} {
							what := fmt.Sprintf("ended in pass %d, connection came in pass %d, ended first %v", ended, came, first)
							acceptInstant(ctx, n, what, s, func(pass int, w *sockWaiter, connect func()) {
								if first && pass == ended {
									end(w)
								}
								if pass == came {
									connect()
								}
								if !first && pass == ended {
									end(w)
								}
							})
							n.released(s)
							want(n, what+": sockets that are open", r.left(), 0)
						}
					}
				}
			})
		})
	}
}

func acceptInstant(ctx context.Context, n *netTest, what string, s *asyncio.Socket, act func(pass int, w *sockWaiter, connect func())) {
	n.Helper()
	accepted := 0
	accept := func(ctx context.Context) error {
		c, _, err := n.l.SockAccept(ctx, s)
		if err == nil {
			accepted++
			err = c.Close()
		}
		return err
	}
	w := startWaiter(ctx, accept)
	for pass := range sweepMost {
		act(pass, w, func() {
			c, err := net.Dial("tcp4", s.LocalAddr().String())
			must(n, err)
			must(n, c.Close())
		})
		passes(n, ctx, 1)
	}
	if _, err := w.task.Await(ctx); err != nil && !errors.Is(err, context.Canceled) {
		n.Errorf("%s: %v", what, err)
	}
	if accepted == 0 {
		if w.begun && w.err == nil {
			n.Errorf("%s: the call ended without a connection and without an error", what)
		}
		must(n, accept(ctx))
	}
	want(n, what+": accepted", accepted, 1)
}

// TestSockSendSweep ends a call that waits for room in each pass, while the peer reads: what
// the peer has is what the call says that it sent, and then what the next one did.
func TestSockSendSweep(t *testing.T) {
	t.Parallel()
	for name, end := range sockEnds {
		sockSweep(t, name, func(ctx context.Context, n *netTest) {
			filler := noise(1 << 20)
			for ended := range sweepMost {
				for read := range sweepMost {
					what := fmt.Sprintf("ended in pass %d, read in pass %d", ended, read)
					a, b := n.pairOfSockets()
					sent := 0
					w := startWaiter(ctx, func(ctx context.Context) (err error) {
						sent, err = n.l.SockSendAll(ctx, a, filler)
						return err
					})
					var reader *asyncio.Task[[]byte]
					for pass := range sweepMost {
						if pass == read {
							reader = asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return untilEnd(ctx, n, b) })
						}
						if pass == ended {
							end(w)
						}
						passes(n, ctx, 1)
					}
					w.task.Cancel()
					_, _ = w.task.Await(ctx)
					_, err := n.l.SockSendAll(ctx, a, []byte("next"))
					must(n, err)
					must(n, a.Close())
					got, err := reader.Await(ctx)
					must(n, err)
					want(n, what+": bytes", len(got), sent+4)
					want(n, what+": the same", bytes.Equal(got, append(filler[:sent:sent], "next"...)), true)
					must(n, b.Close())
				}
			}
		})
	}
}

// untilEnd receives until the peer sends no more.
func untilEnd(ctx context.Context, n *netTest, s *asyncio.Socket) ([]byte, error) {
	var got []byte
	for {
		p, err := n.l.SockRecv(ctx, s, 64<<10)
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, p...)
	}
}

// tooMuch is more than the system takes of who sends to a peer that does not receive.
var tooMuch = make([]byte, 64<<20)

// TestSockCloseSweep closes a socket, or the loop, in each pass while calls wait on both of its
// sides, in tasks and on goroutines: all end, and the descriptor is closed.
func TestSockCloseSweep(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		name := map[bool]string{false: "socket", true: "loop"}[whole]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Unpinned, func(t *testing.T) {
				for pass := range sweepMost {
					closeInstant(t, whole, pass)
				}
			})
		})
	}
}

func closeInstant(t *testing.T, whole bool, pass int) {
	t.Helper()
	what := fmt.Sprintf("closed after %d passes", pass)
	n := &netTest{T: t, l: mustLoop(t, silent)}
	_ = collectReports(t, n.l) // of tasks that are destroyed
	r := n.record()
	listener, err := asyncio.NewSocket("tcp4", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Listen(0))
	var conn *asyncio.Socket
	var there sync.WaitGroup
	ended, begun := 0, 0
	calls := []func(ctx context.Context) error{
		func(ctx context.Context) error { _, err := n.l.SockRecv(ctx, conn, 1); return err },
		func(ctx context.Context) error { _, err := n.l.SockSendAll(ctx, conn, tooMuch); return err },
		func(ctx context.Context) error { _, _, err := n.l.SockAccept(ctx, listener); return err },
	}
	n.run(func(ctx context.Context) {
		peer, err := net.Dial("tcp4", listener.LocalAddr().String())
		must(t, err)
		t.Cleanup(func() { peer.Close() })
		conn, _, err = n.l.SockAccept(ctx, listener)
		must(t, err)
		for _, call := range calls {
			for range 2 {
				asyncio.GoErr(ctx, func(ctx context.Context) error {
					begun++
					defer func() { ended++ }()
					return call(ctx)
				})
			}
			there.Go(func() {
				err := call(context.Background())
				if !errors.Is(err, net.ErrClosed) && !errors.Is(err, asyncio.ErrLoopClosed) {
					t.Errorf("%s: a goroutine's call ended with %v", what, err)
				}
			})
		}
		passes(t, ctx, pass)
		if whole {
			return
		}
		must(t, conn.Close())
		must(t, listener.Close())
		n.until(ctx, what+": the end of all calls", func() bool { return ended == begun && begun == 2*len(calls) })
		n.until(ctx, what+": the end of the descriptor", func() bool { return r.left() == 0 })
	})
	must(t, n.l.Close())
	there.Wait()
	want(t, what+": coroutines that ended", ended, begun)
	must(t, conn.Close())
	must(t, listener.Close())
	want(t, what+": sockets that are open", r.left(), 0)
}

// TestSockElsewhere has goroutines that are no loop's receive, and leave by their contexts
// while bytes come: no byte is lost, and nothing is watched in the end.
func TestSockElsewhere(t *testing.T) {
	t.Parallel()
	sockRow(t, "leaving", func(ctx context.Context, n *netTest) {
		const rounds = 300
		a, b := n.pairOfSockets()
		got := make(chan byte, rounds)
		var there sync.WaitGroup
		for range 3 {
			there.Go(func() {
				p := make([]byte, 1)
				for !strings.HasSuffix(string(p), "\n") {
					own, cancel := context.WithCancel(context.Background())
					go cancel()
					k, err := n.l.SockRecvInto(own, a, p)
					cancel()
					switch {
					case k == 1 && err == nil && p[0] != '\n':
						got <- p[0]
					case err != nil && !errors.Is(err, context.Canceled):
						n.Errorf("a call ended with %v", err)
						return
					}
				}
			})
		}
		for i := range rounds {
			_, err := n.l.SockSendAll(ctx, b, []byte{byte('0' + i%10)})
			must(n, err)
			passes(n, ctx, 1)
		}
		_, err := n.l.SockSendAll(ctx, b, []byte("\n\n\n"))
		must(n, err)
		done := make(chan struct{})
		go func() { there.Wait(); close(done) }()
		receive(ctx, n, "the goroutines", done)
		want(n, "bytes that were received", len(got), rounds)
		count := [10]int{}
		for range rounds {
			count[<-got-'0']++
		}
		want(n, "of each kind", count, [10]int{30, 30, 30, 30, 30, 30, 30, 30, 30, 30})
		n.until(ctx, "nothing watched", func() bool { return n.interest(a.FD()) == "" })
	})
	sockRow(t, "all calls", func(ctx context.Context, n *netTest) {
		listener := n.listening()
		result := make(chan error, 1)
		go func() {
			result <- func() error {
				bg := context.Background()
				s, err := asyncio.NewSocket("tcp4", "")
				if err != nil {
					return err
				}
				defer s.Close()
				if err := n.l.SockConnect(bg, s, listener.LocalAddr().String()); err != nil {
					return err
				}
				c, _, err := n.l.SockAccept(bg, listener)
				if err != nil {
					return err
				}
				defer c.Close()
				data := noise(4 << 20)
				sent := make(chan error, 1)
				go func() { _, err := n.l.SockSendAll(bg, s, data); sent <- err }()
				var got []byte
				for len(got) < len(data) {
					p, err := n.l.SockRecv(bg, c, len(data))
					if err != nil {
						return err
					}
					got = append(got, p...)
				}
				if !bytes.Equal(got, data) {
					return errors.New("other bytes came")
				}
				return <-sent
			}()
		}()
		must(n, receive(ctx, n, "the goroutine", result))
	})
}

// TestSockTurns: calls on one side are served in the order in which they came, also when
// the loop is another one afterwards.
func TestSockTurns(t *testing.T) {
	t.Parallel()
	sockSweep(t, "in order", func(ctx context.Context, n *netTest) {
		a, b := n.pairOfSockets()
		var order []string
		var tasks []*asyncio.Task[struct{}]
		for i := range 5 {
			tasks = append(tasks, asyncio.GoErr(ctx, func(ctx context.Context) error {
				p, err := n.l.SockRecv(ctx, a, 1)
				order = append(order, fmt.Sprintf("%d%s", i, p))
				return err
			}))
		}
		passes(n, ctx, 2)
		for _, piece := range []string{"a", "bc", "de"} {
			_, err := n.l.SockSendAll(ctx, b, []byte(piece))
			must(n, err)
			passes(n, ctx, 3)
		}
		for _, task := range tasks {
			_, err := task.Await(ctx)
			must(n, err)
		}
		want(n, "order", strings.Join(order, " "), "0a 1b 2c 3d 4e")
	})
	netRow(t, "several loops", func(n *netTest) {
		var a, b *asyncio.Socket
		n.run(func(ctx context.Context) {
			a, b = n.pairOfSockets()
			asyncio.GoErr(ctx, func(ctx context.Context) error { _, err := n.l.SockRecv(ctx, a, 1); return err })
			n.waits(ctx, a, "read")
		})
		other := newNetTest(n.T)
		other.run(func(ctx context.Context) {
			_, err := other.l.SockRecv(ctx, a, 1)
			wantError(n, err, asyncio.ErrWrongLoop)
		})
		n.run(func(ctx context.Context) {
			for _, task := range asyncio.AllTasks(n.l) {
				if task != asyncio.CurrentTask() {
					task.Cancel()
				}
			}
			passes(n, ctx, 3)
		})
		other.run(func(ctx context.Context) {
			_, err := other.l.SockSendAll(ctx, b, []byte("x"))
			must(n, err)
			want(n, "received on another loop", string(other.receiveAll(ctx, a, 1)), "x")
		})
	})
}

// TestSockLeaves: a task that panics or leaves between its calls hands on what it had.
func TestSockLeaves(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"goexit": goexit, "panic": func() { panic(errBoom) }} {
		netRow(t, name, func(n *netTest) {
			n.expectErrors = true
			n.run(func(ctx context.Context) {
				a, b := n.pairOfSockets()
				bad := asyncio.GoErr(ctx, func(ctx context.Context) error {
					defer leave()
					_, err := n.l.SockRecv(ctx, a, 1)
					return err
				})
				good := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return n.l.SockRecv(ctx, a, 1) })
				n.waits(ctx, a, "read")
				_, err := n.l.SockSendAll(ctx, b, []byte("ab"))
				must(n, err)
				p, err := good.Await(ctx)
				must(n, err)
				want(n, "received", string(p), "b")
				_, err = bad.Await(ctx)
				want(n, "the bad one failed", err != nil, true)
				n.released(a)
			})
		})
	}
}

// TestSockSteady: a call allocates nothing, with a wait and without.
func TestSockSteady(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("the race detector allocates")
	}
	for _, m := range testkit.Available(t, testkit.Unpinned) {
		t.Run(m.Name, func(t *testing.T) {
			n := newNetTestOn(t, m)
			n.run(func(ctx context.Context) {
				a, b := n.pairOfSockets()
				p := make([]byte, 1)
				once := func() {
					_, err := n.l.SockSendAll(ctx, b, p)
					must(t, err)
					_, err = n.l.SockRecvInto(ctx, a, p)
					must(t, err)
				}
				want(t, "allocations of two calls", int(testing.AllocsPerRun(100, once)), 0)
				echo := asyncio.GoErr(ctx, func(ctx context.Context) error {
					q := make([]byte, 1)
					for {
						if _, err := n.l.SockRecvInto(ctx, b, q); err != nil {
							return err
						}
						if _, err := n.l.SockSendAll(ctx, b, q); err != nil {
							return err
						}
					}
				})
				there := func() {
					_, err := n.l.SockSendAll(ctx, a, p)
					must(t, err)
					_, err = n.l.SockRecvInto(ctx, a, p)
					must(t, err)
				}
				want(t, "allocations of an echo with waits", int(testing.AllocsPerRun(100, there)), 0)
				echo.Cancel()
				_, _ = echo.Await(ctx)
			})
		})
	}
}
