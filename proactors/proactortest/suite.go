// Package proactortest is the behaviour suite of proactors: any implementation of
// proactors.Proactor, this module's or one's own, can be run through it. Its cases
// are the sentences of the contract in the package comment of proactors.
//
//	func TestMyProactor(t *testing.T) {
//		t.Parallel()
//		proactortest.TestProactor(t, func() (proactors.Proactor, error) { return mypackage.New() })
//	}
//
// [TestAllocations] and [TestManyOperations] are apart, since they need the process
// to themselves: call them from tests that are not parallel.
package proactortest

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// testCase is one subtest: it gets a proactor of its own, which is closed when the
// test ends.
type testCase struct {
	name string
	run  func(b *bench)
}

// TestProactor runs a proactor through the suite. open makes a new proactor each
// time, on the goroutine that then uses it, which is locked to its thread if the
// proactor is pinned. All subtests are parallel.
func TestProactor(t *testing.T, open func() (proactors.Proactor, error)) {
	for _, c := range slices.Concat(lifeCases, transferCases, postCases, datagramCases, connectCases, pollCases, cancelCases,
		reuseCases, memoryCases, wakeCases, closeCases) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(newBench(t, open))
		})
	}
	for seed := range uint64(4) {
		t.Run("history", func(t *testing.T) {
			t.Parallel()
			history(newBench(t, open), seed, 1500)
		})
	}
}

// patience is when a test that waits for something gives up.
const patience = 20 * time.Second

// bench is a proactor under test, and what it must not do at any time.
type bench struct {
	testing.TB
	p proactors.Proactor
}

// newBench makes a proactor that is closed when the test ends.
func newBench(t testing.TB, open func() (proactors.Proactor, error)) *bench {
	t.Helper()
	p, err := open()
	if err != nil {
		t.Fatalf("cannot make the proactor: %v", err)
	}
	b := &bench{t, p}
	if p.Pinned() {
		runtime.LockOSThread() // until the test's goroutine ends, and its thread with it
	}
	t.Cleanup(func() { b.must(p.Close()) })
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// op is an operation, and what has come of it.
type op struct {
	proactors.Operation
	request   proactors.Request
	under     bool // it is under way: submitted, and not over
	cancelled bool
	got       []proactors.Completion
	on        func(c proactors.Completion)
}

// Complete implements proactors.Completer, which says no more than whose it is.
func (o *op) Complete(uint64) {}

// last is the last completion so far.
func (o *op) last() proactors.Completion { return o.got[len(o.got)-1] }

// submit starts an operation. The request is scratch memory, as it may be.
func (b *bench) submit(o *op, r proactors.Request) {
	b.Helper()
	if err := b.try(o, r); err != nil {
		b.Fatalf("Submit(%+v): %v", r, err)
	}
}

func (b *bench) try(o *op, r proactors.Request) error {
	b.Helper()
	if o.under {
		b.Fatal("the test submits an operation that is under way")
	}
	o.To, o.request, o.cancelled = o, r, false
	scratch := r
	scratch.Bufs = slices.Clone(r.Bufs)
	err := b.p.Submit(&o.Operation, &scratch)
	clear(scratch.Bufs)
	scratch = proactors.Request{Kind: 77, FD: sock.Invalid}
	if err != nil {
		if o.InFlight() {
			b.Errorf("in flight although Submit said %v", err)
		}
		return err
	}
	if !r.Post {
		o.under = true
		if !o.InFlight() {
			b.Error("not in flight after Submit")
		}
	}
	return nil
}

func (b *bench) cancel(o *op) {
	o.cancelled = true
	b.p.Cancel(&o.Operation)
}

// wait waits once, and looks whether what comes may come.
func (b *bench) wait(timeout time.Duration) int {
	b.Helper()
	done, err := b.p.Wait(timeout)
	b.must(err)
	for i, c := range done {
		o, ok := c.Op.To.(*op)
		if !ok || c.Op != &o.Operation {
			b.Fatalf("a completion of nobody's: %+v", c)
		}
		b.check(o, c)
		o.got = append(o.got, c)
		if c.Flags&proactors.More == 0 {
			o.under = false
			if c.Op.InFlight() {
				b.Errorf("in flight after its last completion %+v", c)
			}
		} else if !c.Op.InFlight() && !slices.ContainsFunc(done[i+1:], func(d proactors.Completion) bool { return d.Op == c.Op }) {
			b.Errorf("not in flight after %+v, which says that more comes", c)
		}
		if back := proactors.FromEv(c.Ev()); back.N != c.N || back.Flags != c.Flags {
			b.Errorf("%+v becomes %+v by way of Ev", c, back)
		}
	}
	for _, c := range slices.Clone(done) { // a function may submit, and wait
		if o := c.Op.To.(*op); o.on != nil {
			o.on(c)
		}
	}
	return len(done)
}

func (b *bench) check(o *op, c proactors.Completion) {
	b.Helper()
	r := &o.request
	own := r.Kind == proactors.Receive && len(r.Bufs) == 0
	letter := r.Kind == proactors.ReceiveFrom
	switch {
	case !o.under && !r.Post:
		b.Fatalf("a completion of an operation that is over: %+v after %+v", c, o.got)
	case c.Flags&proactors.More != 0 && !(r.Repeat && own) && !letter:
		b.Fatalf("%+v of %+v is to go on", c, *r)
	case c.Flags&proactors.Lent != 0 != (own && c.N > 0 || letter && c.N >= 0):
		b.Fatalf("%+v of %+v: lent or not?", c, *r)
	case c.Flags&proactors.Short != 0 && !r.Post && !letter:
		b.Fatalf("%+v of %+v is no post", c, *r)
	case c.Cancelled() && !o.cancelled:
		b.Fatalf("%+v of %+v, which nobody cancelled", c, *r)
	}
	if err := c.Err(); sock.WouldBlock(err) || sock.InProgress(err) || interrupted(err) {
		b.Fatalf("%+v of %+v says %v", c, *r, err)
	}
}

// until waits until cond holds.
func (b *bench) until(what string, cond func() bool) {
	b.Helper()
	for deadline := time.Now().Add(patience); !cond(); {
		left := time.Until(deadline)
		if left <= 0 {
			b.Fatalf("waited in vain: %s", what)
		}
		b.wait(min(left, time.Second))
	}
}

// over waits for the last completion of each operation.
func (b *bench) over(ops ...*op) {
	b.Helper()
	b.until("the ends of operations", func() bool {
		return !slices.ContainsFunc(ops, func(o *op) bool { return o.under })
	})
}

// do does one operation to its end and returns its last completion.
func (b *bench) do(r proactors.Request) proactors.Completion {
	b.Helper()
	var o op
	b.submit(&o, r)
	b.over(&o)
	return o.last()
}

// pair is two connected sockets, fit for operations and closed when the test ends.
func (b *bench) pair() (x, y uintptr) {
	b.Helper()
	x, y = b.loose()
	b.Cleanup(func() { _, _ = sock.Close(x), sock.Close(y) })
	return x, y
}

// loose is pair, and who calls it closes.
func (b *bench) loose() (x, y uintptr) {
	b.Helper()
	x, y, err := sock.Pair()
	b.must(err)
	b.must(b.p.Attach(x))
	b.must(b.p.Attach(y))
	return x, y
}

// put writes all of p to a socket, without the proactor.
func (b *bench) put(fd uintptr, p []byte) {
	b.Helper()
	for deadline := time.Now().Add(patience); len(p) > 0; {
		n, err := sock.Write(fd, p)
		if err != nil && !sock.WouldBlock(err) || time.Now().After(deadline) {
			b.Fatalf("write: %v", err)
		}
		p = p[max(n, 0):]
	}
}

// take reads so many bytes from a socket, without the proactor.
func (b *bench) take(fd uintptr, n int) []byte {
	b.Helper()
	p := make([]byte, n)
	for got, deadline := 0, time.Now().Add(patience); got < n; {
		k, err := sock.Read(fd, p[got:])
		switch {
		case err == nil && k == 0:
			return p[:got]
		case err != nil && !sock.WouldBlock(err):
			b.Fatalf("read: %v", err)
		case err != nil && time.Now().After(deadline):
			b.Fatalf("%d bytes came of %d", got, n)
		}
		got += max(k, 0)
	}
	return p
}

// nothing fails the test if there is anything to read.
func (b *bench) nothing(fd uintptr) {
	b.Helper()
	p := make([]byte, 100)
	if n, err := sock.Read(fd, p); err == nil {
		b.Errorf("%q came", p[:n])
	} else if !sock.WouldBlock(err) {
		b.Errorf("read: %v", err)
	}
}

// fill writes until the system takes no more, and returns how much it took.
func (b *bench) fill(fd uintptr) (n int) {
	b.Helper()
	chunk := make([]byte, 256<<10)
	for range 4096 {
		k, err := sock.Write(fd, chunk)
		if sock.WouldBlock(err) {
			return n
		}
		b.must(err)
		n += k
	}
	b.Fatal("the system takes a gigabyte")
	return 0
}

// pattern is bytes in which an exchange of two places shows.
func pattern(n int) []byte {
	p := make([]byte, n)
	x := uint32(1)
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return p
}
