package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// passingOn is a loop of a user's that overrides nothing: what the loop has run goes through it all the same.
type passingOn struct{ asyncio.EventLoop }

// runningAs are the ways in which a loop runs its callbacks.
var runningAs = map[string]func(t *testing.T, open func(...asyncio.LoopOption) (asyncio.EventLoop, error), o []asyncio.LoopOption) (asyncio.EventLoop, error){
	"plain": func(_ *testing.T, open func(...asyncio.LoopOption) (asyncio.EventLoop, error), o []asyncio.LoopOption) (asyncio.EventLoop, error) {
		return open(o...)
	},
	"debug": func(_ *testing.T, open func(...asyncio.LoopOption) (asyncio.EventLoop, error), o []asyncio.LoopOption) (asyncio.EventLoop, error) {
		return open(append(o, asyncio.WithDebug(true))...)
	},
	"outer": func(_ *testing.T, open func(...asyncio.LoopOption) (asyncio.EventLoop, error), o []asyncio.LoopOption) (asyncio.EventLoop, error) {
		outer := &passingOn{}
		inner, err := open(append(o, asyncio.WithSelf(outer))...)
		outer.EventLoop = inner
		return inner, err
	},
}

// leavingEnds are how a call ends.
var leavingEnds = map[string]struct {
	end  func()
	want error // nil: nobody hears of it, and the connection goes on
}{
	"panic":     {func() { panic(errBoom) }, errBoom},
	"Goexit":    {goexit, asyncio.ErrGoexit},
	"interrupt": {func() { panic(asyncio.ErrInterrupted) }, nil},
}

// leavingActs are what a call does before it ends.
var leavingActs = map[string]struct {
	act  func(c *leavingSweep)
	ends bool // it is the end of the connection
}{
	"at-once": {func(*leavingSweep) {}, false},
	"closed":  {func(c *leavingSweep) { c.check(c.first().t.Close()) }, true},
	"aborted": {func(c *leavingSweep) { c.first().t.Abort() }, true},
	"paused": {func(c *leavingSweep) {
		c.check(c.first().t.PauseReading())
		c.check(c.first().t.ResumeReading())
	}, false},
	"written": {func(c *leavingSweep) { c.check(write(c.first().t, make([]byte, 1<<20))) }, false},
	"stepped": {func(c *leavingSweep) { // a task has run, which goes on later; and another one that left
		asyncio.CreateTaskErr(c.l, func(ctx context.Context) error {
			c.stepped++
			defer func() { c.stepped++ }()
			return asyncio.Sleep(ctx, instant)
		}, asyncio.WithEagerStart(true))
		left := asyncio.CreateTaskErr(c.l, func(context.Context) error { goexit(); return nil }, asyncio.WithEagerStart(true))
		want[error](c.T, "the task that left", left.Exception(), asyncio.ErrGoexit)
	}, false},
}

// leavingSweep is one case of TestProtocolLeavesAnyhow: two connections, of the first of which
// one call of the protocol's does not return.
type leavingSweep struct {
	*netTest
	call      string
	made      []*leaver
	protocols []asyncio.Protocol
	left      bool
	stepped   int
}

func (c *leavingSweep) first() *leaver { return c.made[0] }

// TestProtocolLeavesAnyhow: whatever call of a protocol's that is told what comes does not
// return, whatever it does before, and however the loop runs its callbacks: it is told of as that
// call of that protocol's and of that connection, which is lost, once; the one beside it goes on.
// An interrupt ends the run, and nothing else.
func TestProtocolLeavesAnyhow(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"DataReceived", "GetBuffer", "BufferUpdated", "LendBuffer", "BufferFilled"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			which := everyLoop
			if call == "LendBuffer" || call == "BufferFilled" {
				which = testkit.Selectors // nobody else asks
			}
			overLoops(t, which, func(t *testing.T) {
				for how, end := range leavingEnds {
					for what, act := range leavingActs {
						for as, open := range runningAs {
							t.Run(how+"/"+what+"/"+as, func(t *testing.T) {
								m, _ := mechanismOf(t)
								n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
									return open(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) { return loops.New(m, o...) }, o)
								})
								n.expectErrors = true
								c := &leavingSweep{netTest: n, call: call}
								c.sweep(func() { act.act(c); end.end() }, end.want, act.ends || end.want != nil)
								if what == "stepped" {
									want(t, "steps of the task", c.stepped, 2)
								}
							})
						}
					}
				}
			})
		})
	}
}

// factory makes the protocols, of which the first does not return from the call.
func (c *leavingSweep) factory(leave func()) func() asyncio.Protocol {
	return func() asyncio.Protocol {
		l := leaver{leave: func() { c.left = true; leave() }}
		if len(c.made) == 0 {
			l.where = c.call
		}
		var p asyncio.Protocol
		switch c.call {
		case "DataReceived":
			plain := &l
			c.made, p = append(c.made, plain), plain
		case "GetBuffer", "BufferUpdated":
			lends := &lendingLeaver{leaver: l}
			c.made, p = append(c.made, &lends.leaver), lends
		default:
			able := &ableLeaver{leaver: l}
			c.made, p = append(c.made, &able.leaver), able
		}
		c.protocols = append(c.protocols, p)
		return p
	}
}

// sweep runs the case. wants is what is told of, if anything is, lost whether the connection is.
func (c *leavingSweep) sweep(leave func(), wants error, lost bool) {
	task := asyncio.CreateTaskErr(c.l, func(ctx context.Context) error {
		s, err := c.l.CreateServer(ctx, c.factory(leave), "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		first, beside := c.client(ctx, s), c.client(ctx, s)
		c.says(ctx, beside, "one")
		c.check(write(first.transport, []byte("ping")))
		c.until(ctx, "the call", func() bool { return c.left })
		c.says(ctx, beside, "two")
		if lost {
			c.until(ctx, "the end", func() bool { return c.first().lost > 0 })
		} else {
			c.check(write(first.transport, []byte("pong")))
			c.until(ctx, "the answer", func() bool { return bytes.HasSuffix(first.data, []byte("pong")) })
		}
		c.says(ctx, beside, "three")
		c.until(ctx, "the task", func() bool { return c.stepped != 1 })
		c.told(wants, lost)
		for _, end := range []asyncio.Transport{first.transport, beside.transport, c.made[0].t, c.made[1].t} {
			end.Abort()
		}
		s.Close()
		return s.WaitClosed(ctx)
	})
	err := c.l.RunUntilComplete(task)
	if wants == nil {
		wantError(c, err, asyncio.ErrInterrupted)
		err = c.l.RunUntilComplete(task)
	}
	c.check(err)
	for i, p := range c.made {
		want(c, []string{"ends of the first", "ends of the one beside"}[i], p.lost, 1)
	}
}

// client connects a client.
func (c *leavingSweep) client(ctx context.Context, s *asyncio.Server) *recorder {
	client, before := &recorder{keepOpen: true}, len(c.made)
	if _, _, err := c.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", s.Addrs()[0].String(), nil); err != nil {
		c.Fatal(err)
	}
	c.until(ctx, "the server's side", func() bool { return len(c.made) > before && c.made[before].t != nil })
	return client
}

// says has a client be answered.
func (c *leavingSweep) says(ctx context.Context, client *recorder, text string) {
	c.Helper()
	client.data = nil
	c.check(write(client.transport, []byte(text)))
	c.until(ctx, "the answer to "+text, func() bool { return string(client.data) == text })
}

// told checks what was told of.
func (c *leavingSweep) told(wants error, lost bool) {
	c.Helper()
	want(c.T, "ends of the one beside", c.made[1].lost, 0)
	if wants == nil {
		want(c.T, "reports", len(c.reported), 0)
		return
	}
	if len(c.reported) != 1 {
		c.Errorf("reported: %v", c.reported)
		return
	}
	r := c.reported[0]
	want(c.T, "message", r.Message, "Fatal error: protocol."+c.call+"() call failed.")
	wantError(c, r.Err, wants)
	want(c.T, "it is told of the transport", r.Transport == any(c.first().t), true)
	want(c.T, "and of the protocol", r.Protocol == any(c.protocols[0]), true)
	if p := (*asyncio.PanicError)(nil); errors.As(r.Err, &p) {
		want(c.T, "the stack shows the call", bytes.Contains(p.Stack, []byte(")."+c.call+"(")), true)
	}
}
