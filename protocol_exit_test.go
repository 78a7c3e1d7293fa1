package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// answer is more bytes than the system takes for a peer that does not read yet.
const answer = 8 << 20

// leaver is a protocol that ends one of its calls otherwise than by returning. It echoes
// what comes, or answers with more than the system takes.
type leaver struct {
	where  string
	leave  func()
	answer int // bytes; 0: what has come
	then   func(asyncio.Transport)

	t       asyncio.Transport
	lost    int
	lostErr error
}

func (p *leaver) at(where string) {
	if p.where == where {
		p.where = ""
		p.leave()
	}
}

func (p *leaver) ConnectionMade(t asyncio.Transport) { p.t = t; p.at("ConnectionMade") }
func (p *leaver) DataReceived(data []byte)           { p.at("DataReceived"); p.received(data) }
func (p *leaver) EOFReceived() bool                  { p.at("EOFReceived"); return true }
func (p *leaver) PauseWriting()                      { p.at("PauseWriting") }
func (p *leaver) ResumeWriting()                     { p.at("ResumeWriting") }
func (p *leaver) ConnectionLost(err error)           { p.lost++; p.lostErr = err; p.at("ConnectionLost") }

func (p *leaver) received(data []byte) {
	if p.answer > 0 {
		data, p.answer = make([]byte, p.answer), 0
	}
	p.t.Write(data)
	if p.then != nil {
		p.then(p.t)
	}
}

// lendingLeaver is a leaver that lends its memory.
type lendingLeaver struct {
	leaver
	buf [64]byte
}

func (p *lendingLeaver) GetBuffer(int) []byte { p.at("GetBuffer"); return p.buf[:] }
func (p *lendingLeaver) BufferUpdated(n int)  { p.at("BufferUpdated"); p.received(p.buf[:n]) }

// ableLeaver is a leaver that may lend its memory.
type ableLeaver struct {
	leaver
	buf [64]byte
}

func (p *ableLeaver) LendBuffer() []byte { p.at("LendBuffer"); return p.buf[:] }
func (p *ableLeaver) BufferFilled(n int) { p.at("BufferFilled"); p.received(p.buf[:n]) }

// logThatEnds is a logger whose handler does not return.
type logThatEnds struct{ slog.Handler }

func (h logThatEnds) Enabled(context.Context, slog.Level) bool { return true }

func (h logThatEnds) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		runtime.Goexit()
	}
	return nil
}

// overridden is a loop of a user's whose default handler does not return.
type overridden struct{ asyncio.EventLoop }

func (o *overridden) DefaultExceptionHandler(asyncio.ExceptionContext) { runtime.Goexit() }

// hearers are the ways in which a loop's reports are heard.
var hearers = map[string]func(t *testing.T, hear func(asyncio.ExceptionContext)) asyncio.EventLoop{
	"returns": func(t *testing.T, hear func(asyncio.ExceptionContext)) asyncio.EventLoop {
		return hearing(t, newLoop(t, silent), hear, func() {})
	},
	"panics": func(t *testing.T, hear func(asyncio.ExceptionContext)) asyncio.EventLoop {
		return hearing(t, newLoop(t, silent), hear, func() { panic(errBoom) })
	},
	"exits": func(t *testing.T, hear func(asyncio.ExceptionContext)) asyncio.EventLoop {
		return hearing(t, newLoop(t, silent), hear, goexit)
	},
	"exits-thrice": func(t *testing.T, hear func(asyncio.ExceptionContext)) asyncio.EventLoop {
		o := &overridden{}
		o.EventLoop = newLoop(t, asyncio.WithSelf(o), asyncio.WithLogger(slog.New(logThatEnds{slog.DiscardHandler})))
		return hearing(t, o, hear, goexit)
	},
	"logger-exits": func(t *testing.T, _ func(asyncio.ExceptionContext)) asyncio.EventLoop {
		return newLoop(t, asyncio.WithLogger(slog.New(logThatEnds{slog.DiscardHandler})))
	},
}

func hearing(t *testing.T, loop asyncio.EventLoop, hear func(asyncio.ExceptionContext), end func()) asyncio.EventLoop {
	must(t, loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		hear(c)
		end()
	}))
	return loop
}

// TestProtocolThatDoesNotReturn: whatever call of a protocol's ends by a panic or a
// Goexit, and however the report of it is taken, the connection is over as it should be,
// its descriptor closed, and the loop serves the next one.
func TestProtocolThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for _, where := range []string{
		"factory", "ConnectionMade", "DataReceived", "GetBuffer", "BufferUpdated",
		"LendBuffer", "BufferFilled", "EOFReceived", "ConnectionLost", "PauseWriting", "ResumeWriting",
	} {
		for how, way := range ways {
			for heard, open := range hearers {
				t.Run(where+"/"+how+"/"+heard, func(t *testing.T) {
					t.Parallel()
					which := testkit.Unpinned
					if where == "LendBuffer" || where == "BufferFilled" {
						which = testkit.Selectors // nobody else asks
					}
					overLoops(t, which, func(t *testing.T) {
						c := leaving{T: t, where: where, way: way.end, want: way.want, counts: heard != "logger-exits"}
						// To be told to pause happens in another call of the protocol's, which ends, too.
						c.goesOn = where == "ResumeWriting" || where == "PauseWriting" && how == "panic" && !strings.Contains(heard, "exits")
						c.loop = open(t, func(x asyncio.ExceptionContext) { c.reports = append(c.reports, x) })
						c.run()
					})
				})
			}
		}
	}
}

// leaving is one case of TestProtocolThatDoesNotReturn.
type leaving struct {
	*testing.T
	where   string
	way     func()
	want    error
	counts  bool // whether the reports are heard
	goesOn  bool // whether the connection does
	loop    asyncio.EventLoop
	reports []asyncio.ExceptionContext
	made    []*leaver
}

func (c *leaving) factory() asyncio.Protocol {
	p := &leaver{leave: c.way}
	c.made = append(c.made, p)
	if len(c.made) > 1 {
		return p
	}
	switch p.where = c.where; c.where {
	case "factory":
		c.way()
	case "GetBuffer", "BufferUpdated":
		l := &lendingLeaver{leaver: *p}
		c.made[0] = &l.leaver
		return l
	case "LendBuffer", "BufferFilled":
		l := &ableLeaver{leaver: *p}
		c.made[0] = &l.leaver
		return l
	case "PauseWriting", "ResumeWriting":
		p.answer = answer
	}
	return p
}

func (c *leaving) run() {
	runIn(c.T, c.loop, func(ctx context.Context) {
		s, err := c.loop.CreateServer(ctx, c.factory, "tcp", "127.0.0.1:0", nil)
		must(c, err)
		peer := dial(c, s)
		defer peer.Close()
		_, err = peer.Write([]byte("ping"))
		must(c, err)
		if c.where == "EOFReceived" {
			must(c, peer.CloseWrite())
		}
		c.first(ctx, peer)
		c.second(ctx, s)
		s.Close()
		must(c, s.WaitClosed(ctx))
		if c.counts {
			c.reported()
		}
	})
}

// first sees the connection of the call that does not return to its end.
func (c *leaving) first(ctx context.Context, peer *net.TCPConn) {
	if c.where == "PauseWriting" || c.where == "ResumeWriting" {
		// The system takes as much as there is if the peer reads beside the write.
		c.until(ctx, "the answer's write", func() bool { return len(c.made) > 0 && c.made[0].answer == 0 })
	}
	ends := make(chan int64, 1)
	go func() {
		if c.where == "ConnectionLost" {
			io.ReadFull(peer, make([]byte, 4))
			peer.SetLinger(0)
			peer.Close()
		}
		peer.SetReadDeadline(time.Now().Add(patience))
		n, err := io.Copy(io.Discard, io.LimitReader(peer, answer))
		if t, ok := err.(net.Error); ok && t.Timeout() {
			n = -1
		}
		ends <- n
	}()
	read := <-inCoroutine(ctx, c.T, ends)
	switch {
	case read < 0:
		c.Error("the peer neither gets its data nor the end")
	case c.goesOn && read != answer:
		c.Errorf("the peer has %d bytes", read)
	case c.goesOn: // the connection lives, and ends as any does
		c.until(ctx, "the answer", func() bool { return c.made[0].where == "" })
		must(c, peer.CloseWrite())
		c.until(ctx, "the end of the stream", func() bool { return c.made[0].t != nil })
		c.made[0].t.Abort()
	}
	if c.where == "factory" {
		return
	}
	p := c.made[0]
	if c.where == "ConnectionLost" {
		p.t.Abort() // where a reset is read as the end of the stream, it is not over yet
	}
	c.until(ctx, "the end", func() bool { return p.lost > 0 })
	reason := c.want
	if c.where == "PauseWriting" {
		reason = asyncio.ErrGoexit
	}
	if !c.goesOn && c.where != "ConnectionLost" && !errors.Is(p.lostErr, reason) {
		c.Errorf("lost with %v, want %v", p.lostErr, reason)
	}
}

// second is served as if nothing had been.
func (c *leaving) second(ctx context.Context, s *asyncio.Server) {
	peer := dial(c, s)
	defer peer.Close()
	_, err := peer.Write([]byte("pong"))
	must(c, err)
	got := make(chan int64, 1)
	must(c, peer.SetReadDeadline(time.Now().Add(patience)))
	go func() {
		n, _ := io.ReadFull(peer, make([]byte, 4))
		got <- int64(n)
	}()
	want(c, "echoed to the second client", <-inCoroutine(ctx, c.T, got), 4)
	c.made[len(c.made)-1].t.Abort()
}

// reported checks that the handler has heard of it, once.
func (c *leaving) reported() {
	if len(c.reports) != 1 {
		var all []string
		for _, r := range c.reports {
			all = append(all, fmt.Sprintf("%s: %v", r.Message, r.Err))
		}
		c.Errorf("%d reports, want 1: %q", len(c.reports), all)
		return
	}
	wantError(c, c.reports[0].Err, c.want)
}

func (c *leaving) until(ctx context.Context, what string, cond func() bool) {
	c.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			c.Fatalf("waited in vain: %s", what)
		}
		must(c, asyncio.Sleep(ctx, instant))
	}
}

// inCoroutine waits for what another goroutine sends while the loop goes on.
func inCoroutine[T any](ctx context.Context, t testing.TB, from <-chan T) <-chan T {
	for len(from) == 0 {
		must(t, asyncio.Sleep(ctx, instant))
	}
	return from
}

func dial(t testing.TB, s *asyncio.Server) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	must(t, err)
	return c.(*net.TCPConn)
}
