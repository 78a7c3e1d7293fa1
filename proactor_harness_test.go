package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// watchedProactor stands between a loop and a proactor: it knows what is under way,
// and can hold sends back or have an operation end as a test says.
type watchedProactor struct {
	proactors.Proactor
	t *testing.T

	flights map[*proactors.Operation]*flight
	sends   []string // what each send was given that was submitted, in order
	posted  map[string]int
	ended   map[string]int // completions, by what they are about
	undone  map[string]int // cancelled by the loop
	own     []proactors.Completion

	hold   bool  // sends stay here until release
	broken error // what Wait says
	idle   int   // how many times Wait is to come back with nothing
	empty  int   // how many times it has
	waits  int
	wakes  atomic.Int64
	sleeps func() // called once when it is about to wait
	closes int
}

// flight is an operation under way.
type flight struct {
	name      string
	op        *proactors.Operation
	result    int32 // what it is to end with, 0 for what the system says
	cancelled bool
	held      *proactors.Request // not handed on
	ours      bool               // the proactor underneath does not know of it
}

func watched(t *testing.T, p proactors.Proactor) *watchedProactor {
	return &watchedProactor{
		Proactor: p, t: t, flights: map[*proactors.Operation]*flight{},
		posted: map[string]int{}, ended: map[string]int{}, undone: map[string]int{},
	}
}

// about names what an operation is about: its kind and its descriptor.
func about(k proactors.Kind, fd uintptr) string {
	kinds := map[proactors.Kind]string{
		proactors.Accept: "accept", proactors.Receive: "receive", proactors.Send: "send",
		proactors.Connect: "connect", proactors.Poll: "poll",
	}
	return fmt.Sprintf("%s on %d", kinds[k], fd)
}

// underway counts the operations on a descriptor that are in flight and not
// cancelled.
func (w *watchedProactor) underway(k proactors.Kind, fd uintptr) (count int) {
	for _, f := range w.flights {
		if f.name == about(k, fd) && !f.cancelled {
			count++
		}
	}
	return count
}

// Submit implements proactors.Proactor.
func (w *watchedProactor) Submit(op *proactors.Operation, r *proactors.Request) error {
	f := &flight{name: about(r.Kind, r.FD), op: op}
	switch {
	case r.Post && w.hold:
		return errors.ErrUnsupported
	case r.Kind != proactors.Poll && w.underway(r.Kind, r.FD) > 0:
		w.t.Errorf("two at a time: %s", f.name)
	}
	data := string(bytes.Join(r.Bufs, nil))
	if r.Kind == proactors.Send && w.hold {
		op.Tag = 1
		held := *r
		held.Bufs = slices.Clone(r.Bufs)
		f.held, f.ours = &held, true
	} else if err := w.Proactor.Submit(op, r); err != nil {
		return err
	}
	w.flights[op] = f
	w.posted[f.name]++
	if r.Kind == proactors.Send {
		w.sends = append(w.sends, data)
	}
	return nil
}

// Cancel implements proactors.Proactor.
func (w *watchedProactor) Cancel(op *proactors.Operation) {
	f := w.flights[op]
	if f == nil {
		return // idle
	}
	if !f.cancelled {
		f.cancelled = true
		w.undone[f.name]++
		if f.held != nil {
			w.end(f, -int32(proactors.ErrCancelled))
		}
	}
	if !f.ours {
		w.Proactor.Cancel(op)
	}
}

// end completes what is held.
func (w *watchedProactor) end(f *flight, result int32) {
	f.held = nil
	w.own = append(w.own, proactors.Completion{Op: f.op, N: result})
}

// fail has what is under way on a descriptor end with an error.
func (w *watchedProactor) fail(k proactors.Kind, fd uintptr, err syscall.Errno) {
	w.t.Helper()
	for _, f := range w.flights {
		if f.name != about(k, fd) || f.cancelled {
			continue
		}
		if f.held != nil {
			w.end(f, -int32(err))
			return
		}
		f.result = -int32(err)
		w.Proactor.Cancel(f.op)
		return
	}
	w.t.Errorf("not under way: %s", about(k, fd))
}

// release hands on what was held back, and holds nothing more.
func (w *watchedProactor) release() {
	w.hold = false
	for op, f := range w.flights {
		if f.held == nil {
			continue
		}
		r := f.held
		f.held, f.ours = nil, false
		op.Tag = 0
		if err := w.Proactor.Submit(op, r); err != nil {
			w.t.Errorf("%s: %v", f.name, err)
		}
	}
}

// Wait implements proactors.Proactor.
func (w *watchedProactor) Wait(timeout time.Duration) ([]proactors.Completion, error) {
	w.waits++
	if timeout != 0 && w.sleeps != nil {
		f := w.sleeps
		w.sleeps = nil
		f()
	}
	if w.idle > 0 && timeout != 0 {
		w.idle--
		w.empty++
		return nil, nil
	}
	if len(w.own) > 0 || w.broken != nil {
		timeout = 0
	}
	got, err := w.Proactor.Wait(timeout)
	done := slices.Clone(got)
	for i := range done {
		c := &done[i]
		f := w.flights[c.Op]
		if f == nil {
			w.t.Errorf("a completion of nothing: %+v", *c)
			continue
		}
		if c.Flags&proactors.More == 0 {
			delete(w.flights, c.Op)
			if f.result != 0 {
				c.N = f.result
			}
		}
		w.ended[f.name]++
	}
	for _, c := range w.own {
		c.Op.Tag = 0
		delete(w.flights, c.Op)
	}
	done = append(done, w.own...)
	w.own = nil
	maps.DeleteFunc(w.flights, func(op *proactors.Operation, _ *flight) bool { return !op.InFlight() }) // posts
	return done, errors.Join(err, w.broken)
}

// Wake implements proactors.Proactor.
func (w *watchedProactor) Wake() {
	w.wakes.Add(1)
	w.Proactor.Wake()
}

// Close implements proactors.Proactor.
func (w *watchedProactor) Close() error {
	w.closes++
	return w.Proactor.Close()
}

// portRow runs f, as the subtest named row, in a coroutine of a loop over each
// proactor of the system, and over one of the tests' own, named port, that every
// system has.
func portRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, w *watchedProactor)) {
	t.Helper()
	idlePortRow(t, row, func(n *netTest, w *watchedProactor) {
		n.run(func(ctx context.Context) { f(ctx, n, w) })
	})
}

// idlePortRow is portRow for what needs a loop that does not run.
func idlePortRow(t *testing.T, row string, f func(n *netTest, w *watchedProactor)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overOpeners(t, func(t *testing.T, p proactors.Proactor) {
			t.Parallel()
			w := watched(t, p)
			f(newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) { return asyncio.NewProactorEventLoop(w, o...) }), w)
		})
	})
}

// overOpeners runs f in a subtest for each proactor of the system and the tests' own.
func overOpeners(t *testing.T, f func(t *testing.T, p proactors.Proactor)) {
	t.Helper()
	for _, m := range testkit.Available(t, testkit.Proactors) {
		t.Run(m.Name, func(t *testing.T) {
			p, err := m.Proactor()
			if err != nil {
				t.Fatal(err)
			}
			f(t, p)
		})
	}
	t.Run("port", func(t *testing.T) { f(t, newTryingProactor()) })
}

// portConnectionRow is portRow with a plain peer and the protocol that it is
// connected to, and ends the connection after f.
func portConnectionRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder)) {
	t.Helper()
	portRow(t, row, func(ctx context.Context, n *netTest, w *watchedProactor) {
		c, r := n.raw(ctx)
		f(ctx, n, w, c, r)
		w.release()
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
	})
}

// arrived waits, in a coroutine, until the peer has read so much.
func (n *netTest) arrived(ctx context.Context, c net.Conn, size int) string {
	n.Helper()
	n.check(c.SetReadDeadline(time.Now().Add(patience)))
	got := make(chan []byte, 1)
	go func() {
		p := make([]byte, size)
		k, _ := io.ReadFull(c, p)
		got <- p[:k]
	}()
	return string(receive(ctx, n, "what the peer reads", got))
}

// tryingProactor is a completion port of the tests' own: it tries each operation
// again and again. It has no Connect, no Poll and no datagrams.
type tryingProactor struct {
	tries  []*try
	lent   map[uint32][]byte
	fds    map[uint32]uintptr
	done   []proactors.Completion
	last   uint32
	woken  chan struct{}
	closed bool
}

// try is an operation that is being tried.
type try struct {
	op   *proactors.Operation
	r    proactors.Request
	data []byte
}

func newTryingProactor() *tryingProactor {
	return &tryingProactor{lent: map[uint32][]byte{}, fds: map[uint32]uintptr{}, woken: make(chan struct{}, 1)}
}

func (p *tryingProactor) Attach(uintptr) error { return nil }

func (p *tryingProactor) Submit(op *proactors.Operation, r *proactors.Request) error {
	if p.closed {
		return proactors.ErrClosed
	}
	t := &try{op: op, r: *r}
	switch r.Kind {
	case proactors.Send:
		t.data = bytes.Join(r.Bufs, nil)
	case proactors.Receive:
		t.data = make([]byte, 64<<10)
	case proactors.Accept:
	default:
		return errors.ErrUnsupported
	}
	op.Tag = 1
	p.tries = append(p.tries, t)
	return nil
}

func (p *tryingProactor) Cancel(op *proactors.Operation) {
	for _, t := range p.tries {
		if t.op == op {
			t.data, t.r.Kind = nil, 0
		}
	}
}

// attempt reports how the operation ended, if it did.
func (p *tryingProactor) attempt(t *try) (c proactors.Completion, over bool) {
	c.Op = t.op
	var n int
	var err error
	switch t.r.Kind {
	case 0:
		c.N = -int32(proactors.ErrCancelled)
		return c, true
	case proactors.Send:
		n, err = sock.Write(t.r.FD, t.data)
	case proactors.Receive:
		n, err = sock.Read(t.r.FD, t.data)
	case proactors.Accept:
		var fd uintptr
		if fd, err = sock.Accept(t.r.FD); err == nil {
			c.Flags |= p.number()
			p.fds[p.last] = fd
		}
	}
	if t.r.Post && (n < len(t.data) && err == nil || sock.WouldBlock(err)) {
		c.Flags |= proactors.Short
		err = nil
	}
	if err != nil {
		var errno syscall.Errno
		if sock.WouldBlock(err) || !errors.As(err, &errno) {
			return c, false
		}
		c.N = -int32(errno)
		return c, true
	}
	c.N = int32(n)
	if t.r.Kind == proactors.Receive && n > 0 {
		c.Flags |= p.number() | proactors.Lent
		p.lent[p.last] = t.data[:n]
	}
	return c, true
}

// number is a number of what goes with a completion, as flags.
func (p *tryingProactor) number() proactors.Flags {
	p.last++
	return proactors.OwnFlags * proactors.Flags(p.last)
}

func numbered(c proactors.Completion) uint32 { return uint32(c.Flags / proactors.OwnFlags) }

func (p *tryingProactor) Flush() error {
	if p.closed {
		return proactors.ErrClosed
	}
	p.tries = slices.DeleteFunc(p.tries, func(t *try) bool {
		c, over := p.attempt(t)
		switch {
		case !over:
			return false
		case t.r.Post && c.N >= 0 && c.Flags&proactors.Short == 0:
			t.op.Tag = 0
		default:
			p.done = append(p.done, c)
		}
		return true
	})
	return nil
}

func (p *tryingProactor) Wait(timeout time.Duration) ([]proactors.Completion, error) {
	for began := time.Now(); ; {
		err := p.Flush()
		if err != nil || len(p.done) > 0 {
			done := p.done
			p.done = nil
			for _, c := range done {
				c.Op.Tag = 0
			}
			return done, err
		}
		pause := 200 * time.Microsecond
		if timeout != selectors.Forever {
			pause = min(pause, timeout-time.Since(began))
		}
		select {
		case <-p.woken:
			return nil, nil
		case <-time.After(pause):
			if timeout != selectors.Forever && time.Since(began) >= timeout {
				return nil, nil
			}
		}
	}
}

func (p *tryingProactor) Wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *tryingProactor) Accepted(c proactors.Completion) uintptr     { return p.fds[numbered(c)] }
func (p *tryingProactor) Memory(c proactors.Completion) []byte        { return p.lent[numbered(c)] }
func (p *tryingProactor) Release(c proactors.Completion)              { delete(p.lent, numbered(c)) }
func (p *tryingProactor) Envelope(proactors.Completion) ([]byte, int) { return nil, 0 }
func (p *tryingProactor) Pinned() bool                                { return false }
func (p *tryingProactor) Descriptors() []uintptr                      { return nil }
func (p *tryingProactor) Name() string                                { return "port" }
func (p *tryingProactor) String() string                              { return "port of the tests" }

func (p *tryingProactor) Close() error {
	p.closed = true
	p.tries = nil
	return nil
}
