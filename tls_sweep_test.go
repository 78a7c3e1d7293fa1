package asyncio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// tlsStory is a whole connection of TLS, with both sides on one loop, from its making to its end.
type tlsStory struct {
	*netTest
	server *asyncio.Server
	all    []*recorder // every protocol there is
	late   []*recorder // of them those that StartTLS was given
	onMade func(asyncio.Transport)
	onData func([]byte)
	onLost func(error)
	onEOF  func()
}

// protocol makes one more protocol. It hears each of what the story does in its calls, once.
func (y *tlsStory) protocol() *recorder {
	r := &recorder{}
	r.onMade = func(t asyncio.Transport) {
		if f := y.onMade; f != nil {
			y.onMade = nil
			f(t)
		}
	}
	r.onData = func(p []byte) {
		if f := y.onData; f != nil {
			y.onData = nil
			f(p)
		}
	}
	r.onEOF = func() {
		if f := y.onEOF; f != nil {
			y.onEOF = nil
			f()
		}
	}
	r.onLost = func(err error) {
		if f := y.onLost; f != nil {
			y.onLost = nil
			f(err)
		}
	}
	y.all = append(y.all, r)
	return r
}

// connect makes a connection, of TLS if it is secure, and returns the protocols of both sides.
func (y *tlsStory) connect(ctx context.Context, secure bool) (client, server *recorder, err error) {
	so, co := &asyncio.ServerOptions{}, &asyncio.ConnectionOptions{}
	if secure {
		so.TLS, co.TLS = forServer(), forClient()
	}
	return y.connectBy(ctx, so, co)
}

// connectBy is connect with options.
func (y *tlsStory) connectBy(ctx context.Context, so *asyncio.ServerOptions, co *asyncio.ConnectionOptions) (client, server *recorder, err error) {
	y.server, err = y.l.CreateServer(ctx, func() asyncio.Protocol { server = y.protocol(); return server }, "tcp", "127.0.0.1:0", so)
	if err != nil {
		return nil, nil, err
	}
	_, _, err = y.l.CreateConnection(ctx, func() asyncio.Protocol { client = y.protocol(); return client }, "tcp", y.server.Addrs()[0].String(), co)
	if err != nil {
		return nil, nil, err
	}
	return client, server, y.wait(ctx, 1, func() bool { return server != nil && server.transport != nil })
}

// wait waits for cond, or for an end that comes before: then there are fewer transports.
func (y *tlsStory) wait(ctx context.Context, transports int, cond func() bool) error {
	for deadline := y.l.Time() + patience; !cond(); {
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		if len(asyncio.Transports(y.l)) < transports || y.l.Time() > deadline {
			return net.ErrClosed
		}
	}
	return nil
}

// upgrade has TLS begin on both sides.
func (y *tlsStory) upgrade(ctx context.Context, client, server asyncio.Transport) (here, there asyncio.Transport, err error) {
	c, s := y.protocol(), y.protocol()
	y.late = append(y.late, c, s)
	err = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) (err error) {
		g.Go(func(ctx context.Context) (err error) {
			there, err = y.l.StartTLS(ctx, server, s, forServer(), &asyncio.StartTLSOptions{ServerSide: true})
			return err
		})
		here, err = y.l.StartTLS(ctx, client, c, forClient(), &asyncio.StartTLSOptions{ServerName: ptr("localhost")})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	c.transport, s.transport = here, there
	return here, there, nil
}

// talk says something both ways, and ends the connection.
func (y *tlsStory) talk(ctx context.Context, here, there asyncio.Transport) error {
	c, s := here.GetProtocol(), there.GetProtocol()
	if c == nil || s == nil {
		return net.ErrClosed
	}
	client, server := c.(*recorder), s.(*recorder)
	_, _ = here.Write([]byte("ping"))
	if err := y.wait(ctx, 2, func() bool { return len(server.data) == 4 }); err != nil {
		return err
	}
	_, _ = there.Write([]byte("pong"))
	if err := y.wait(ctx, 2, func() bool { return len(client.data) == 4 }); err != nil {
		return err
	}
	_ = here.Close()
	for !client.lost || !server.lost {
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

// tlsStories are the stories that are swept.
var tlsStories = map[string]func(ctx context.Context, y *tlsStory) error{
	"connection": func(ctx context.Context, y *tlsStory) error {
		client, server, err := y.connect(ctx, true)
		if err != nil {
			return err
		}
		return y.talk(ctx, client.transport, server.transport)
	},
	"StartTLS":   func(ctx context.Context, y *tlsStory) error { return y.upgraded(ctx, false) },
	"TLS in TLS": func(ctx context.Context, y *tlsStory) error { return y.upgraded(ctx, true) },
	"keys in an executor": func(ctx context.Context, y *tlsStory) error {
		e := &inPasses{y.l}
		so := &asyncio.ServerOptions{TLS: forServer(), TLSExecutor: e}
		so.TLS.ClientAuth, so.TLS.ClientCAs = tls.RequireAndVerifyClientCert, certs.Default().Pool()
		co := &asyncio.ConnectionOptions{TLS: forClient(), TLSExecutor: e}
		co.TLS.Certificates = []tls.Certificate{certs.Default().Sign(certs.Subject("somebody"))}
		client, server, err := y.connectBy(ctx, so, co)
		if err != nil {
			return err
		}
		return y.talk(ctx, client.transport, server.transport)
	},
}

// inPasses is an executor that takes three passes of a loop for everything.
type inPasses struct{ l asyncio.EventLoop }

func (e *inPasses) Submit(f func()) error {
	_, err := e.l.CallSoonThreadsafe(func() { e.after(1, f) })
	return err
}

func (e *inPasses) after(passes int, f func()) {
	if passes > 0 {
		_, _ = e.l.CallSoon(func() { e.after(passes-1, f) })
		return
	}
	f()
}

func (y *tlsStory) upgraded(ctx context.Context, secure bool) error {
	client, server, err := y.connect(ctx, secure)
	if err != nil {
		return err
	}
	here, there, err := y.upgrade(ctx, client.transport, server.transport)
	if err != nil {
		return err
	}
	return y.talk(ctx, here, there)
}

// finish ends what is left of a story, and finds what should not be.
func (y *tlsStory) finish(ctx context.Context, what string) {
	y.Helper()
	for _, t := range asyncio.Transports(y.l) {
		t.Abort()
	}
	if y.server != nil {
		y.ends(ctx, y.server)
	}
	y.until(ctx, what+": no transports and tasks", func() bool {
		return len(asyncio.Transports(y.l)) == 0 && len(asyncio.AllTasks(y.l)) == 1
	})
	for i, r := range y.all {
		made, lost := strings.Count(r.history(), "made"), strings.Count(r.history(), "lost")
		startTLS := false
		for _, l := range y.late {
			startTLS = startTLS || l == r
		}
		switch {
		case startTLS && made == 0 && lost <= 1:
		case !startTLS && made == lost && lost <= 1, !startTLS && made == 1 && lost == 0 && len(y.late) > 0:
		default:
			y.Errorf("%s: protocol %d of %d has heard %q", what, i, len(y.all), r.history())
		}
		if made > 0 && !strings.HasPrefix(r.history(), "made") || lost > 0 && !strings.HasSuffix(r.history(), "lost") {
			y.Errorf("%s: protocol %d has heard %q", what, i, r.history())
		}
	}
}

// tlsEnds are what happens to a story in a pass.
var tlsEnds = map[string]func(y *tlsStory, task *asyncio.Task[struct{}]){
	"cancel": func(_ *tlsStory, task *asyncio.Task[struct{}]) { task.Cancel() },
	"abort": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		for _, t := range asyncio.Transports(y.l) {
			t.Abort()
		}
	},
	"cut by one": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		if all := asyncio.Transports(y.l); len(all) > 0 {
			all[0].Abort()
		}
	},
	"cut by the other": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		if all := asyncio.Transports(y.l); len(all) > 0 {
			all[len(all)-1].Abort()
		}
	},
	"close below": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		for _, t := range asyncio.Transports(y.l) {
			y.check(t.Close())
		}
	},
	"close clients": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		if y.server != nil {
			y.server.CloseClients()
		}
	},
	"abort clients": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		if y.server != nil {
			y.server.AbortClients()
		}
	},
	"goexit": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		_, err := y.l.CallSoon(goexit)
		y.check(err)
	},
	"close all that is made": func(y *tlsStory, _ *asyncio.Task[struct{}]) {
		for _, r := range y.all {
			if r.transport != nil {
				y.check(r.transport.Close())
			}
		}
	},
}

// TestTLSSweep ends a story in each pass, in each way. It counts the descriptors and the
// goroutines of the process, and so does not run in parallel with others.
func TestTLSSweep(t *testing.T) {
	for story, tell := range tlsStories {
		for end, happens := range tlsEnds {
			t.Run(story+","+end, func(t *testing.T) {
				oneAfterTheOther(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T) {
					n := newNetTest(t)
					n.expectErrors = end == "goexit"
					n.run(func(ctx context.Context) { sweepTLS(ctx, n, tell, end, happens) })
					for _, r := range n.reported {
						if !n.expectErrors || !errors.Is(r.Err, asyncio.ErrGoexit) {
							n.Errorf("reported: %+v", r)
						}
					}
				})
			})
		}
	}
}

// sweepTLS has a story end in each pass. It is told to its end before, so that the loop has
// what it makes once.
func sweepTLS(ctx context.Context, n *netTest, tell func(context.Context, *tlsStory) error, end string, happens func(*tlsStory, *asyncio.Task[struct{}])) {
	first := &tlsStory{netTest: n}
	n.check(tell(ctx, first))
	first.finish(ctx, "to its end")
	before := presentIn(n)
	for pass, over := 0, false; !over; pass += 1 + pass/10 {
		what := fmt.Sprintf("%s in pass %d", end, pass)
		y := &tlsStory{netTest: n}
		task := asyncio.GoErr(ctx, func(ctx context.Context) error { return tell(ctx, y) })
		for range pass {
			n.check(asyncio.Sleep(ctx, 0))
		}
		over = task.Done()
		happens(y, task)
		// What neither side ends by itself now is ended: a peer is waited for.
		y.settle(ctx, task)
		if _, err := task.Await(ctx); over && err != nil {
			n.Errorf("pass %d: %v", pass, err)
		}
		y.finish(ctx, what)
		now := present{}
		n.until(ctx, what+": no more than before", func() bool {
			now = presentIn(n)
			return now.descriptors <= before.descriptors && now.goroutines <= before.goroutines
		})
		before = now // what the test before had may have gone meanwhile
	}
}

// present is what the process has while one loop is under test.
type present struct{ descriptors, goroutines int }

// presentIn counts, but for coroutines that wait for work. Loop only.
func presentIn(n *netTest) present {
	return present{testkit.OpenFiles(), runtime.NumGoroutine() - asyncio.IdleCoroutines(n.l)}
}

// settle waits for the end of a story's task, which is one of cancelled when nothing else ends it.
func (y *tlsStory) settle(ctx context.Context, task *asyncio.Task[struct{}]) {
	const enough, most = 200, 3000 // passes; what comes through the system may take longer
	for i := 0; !task.Done(); i++ {
		pause := time.Duration(0)
		if i > enough {
			pause = time.Millisecond
		}
		if i >= enough && len(y.reported) > 0 || i >= most {
			task.Cancel()
		}
		y.check(asyncio.Sleep(ctx, pause))
	}
}

// TestTLSExitSweep: each call of a protocol's panics, or leaves by Goexit.
func TestTLSExitSweep(t *testing.T) {
	t.Parallel()
	for how, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": goexit} {
		for story, tell := range tlsStories {
			for call, set := range map[string]func(y *tlsStory){
				"ConnectionMade": func(y *tlsStory) { y.onMade = func(asyncio.Transport) { leave() } },
				"DataReceived":   func(y *tlsStory) { y.onData = func([]byte) { leave() } },
				"EOFReceived":    func(y *tlsStory) { y.onEOF = leave },
				"ConnectionLost": func(y *tlsStory) { y.onLost = func(error) { leave() } },
			} {
				sweepRow(t, fmt.Sprintf("%s,%s,%s", how, story, call), func(n *netTest) {
					n.expectErrors = true
					n.run(func(ctx context.Context) {
						y := &tlsStory{netTest: n}
						set(y)
						task := asyncio.GoErr(ctx, func(ctx context.Context) error { return tell(ctx, y) })
						y.settle(ctx, task)
						_ = task.Exception()
						y.finish(ctx, how)
					})
					want(n.T, "reported", len(n.reported), 1)
					for _, r := range n.reported {
						if !errors.Is(r.Err, errBoom) && !errors.Is(r.Err, asyncio.ErrGoexit) {
							n.Errorf("reported: %+v", r)
						}
					}
				})
			}
		}
	}
}

// TestTLSLoopCloseSweep closes the loop after each number of passes, and counts what is left,
// as TestTLSSweep does.
func TestTLSLoopCloseSweep(t *testing.T) {
	for story, tell := range tlsStories {
		t.Run(story, func(t *testing.T) {
			oneAfterTheOther(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T) {
				for pass, over := 0, false; !over; pass += 1 + pass/10 {
					before := testkit.Snapshot()
					n := newNetTest(t)
					n.expectErrors = true // tasks that are pending
					y := &tlsStory{netTest: n}
					var task *asyncio.Task[struct{}]
					n.run(func(ctx context.Context) {
						task = asyncio.CreateTaskErr(n.l, func(ctx context.Context) error { return tell(ctx, y) })
						for range pass {
							n.check(asyncio.Sleep(ctx, 0))
						}
					})
					over = task.Done()
					n.check(n.l.Close())
					want(t, "tasks", len(asyncio.AllTasks(n.l)), 0)
					want(t, "transports", len(asyncio.Transports(n.l)), 0)
					if err := before.Left(patience); err != nil {
						t.Fatalf("closed after %d passes: %v", pass, err)
					}
				}
			})
		})
	}
}

// TestTLSHandshakeOutsideSweep: calls from another goroutine, whose context ends at any time.
func TestTLSHandshakeOutsideSweep(t *testing.T) {
	t.Parallel()
	sweepRow(t, "outside", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serveTLS(ctx, forServer(), nil)
			for i := range 20 {
				outside, cancel := context.WithTimeout(context.Background(), time.Duration(i)*200*time.Microsecond)
				done := make(chan error, 1)
				r := &recorder{}
				go func() {
					t, err := n.connectTLS(outside, r, addr, nil)
					if err == nil {
						t.Abort()
					}
					done <- err
				}()
				if err := receive(ctx, n, "the call", done); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					n.Error(err)
				}
				cancel()
			}
			n.ends(ctx, s)
			n.until(ctx, "no transports and tasks", func() bool {
				return len(asyncio.Transports(n.l)) == 0 && len(asyncio.AllTasks(n.l)) == 1
			})
		})
	})
}
