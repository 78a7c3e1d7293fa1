package proactortest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/proactors"
)

var lifeCases = []testCase{
	{"one-completion", testOneCompletion},
	{"used-again", testUsedAgain},
	{"in-flight-twice", testInFlightTwice},
	{"unknown-kind", testUnknownKind},
	{"flush-hands-over", testFlush},
	{"attach-again", testAttachAgain},
	{"kept-longer", testKeptLonger},
	{"names", testNames},
}

// testOneCompletion: whatever is submitted ends once, by a Wait, also with many at once.
func testOneCompletion(b *bench) {
	x, y := b.pair()
	ops := make([]op, 100)
	for i := range ops {
		b.submit(&ops[i], proactors.Request{Kind: proactors.Poll, Mask: proactors.Writable, FD: []uintptr{x, y}[i%2]})
		if len(ops[i].got) != 0 {
			b.Fatal("a completion out of Submit")
		}
	}
	b.until("all of them", func() bool { return !slices.ContainsFunc(ops, func(o op) bool { return o.under }) })
	for range 3 {
		if n := b.wait(0); n != 0 {
			b.Fatalf("%d completions more", n)
		}
	}
}

func testUsedAgain(b *bench) {
	x, y := b.pair()
	var send, receive op
	for i := range 500 {
		buf := make([]byte, 1)
		b.submit(&receive, proactors.Request{Kind: proactors.Receive, FD: y, Bufs: [][]byte{buf}})
		b.submit(&send, proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{{byte(i)}}})
		b.over(&send, &receive)
		if buf[0] != byte(i) || receive.last().N != 1 || send.last().N != 1 {
			b.Fatalf("round %d: %v, %+v, %+v", i, buf, receive.last(), send.last())
		}
	}
}

// testInFlightTwice: it is refused, and does not harm what is under way.
func testInFlightTwice(b *bench) {
	x, y := b.pair()
	var o op
	buf := make([]byte, 5)
	b.submit(&o, proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{buf}})
	for range 2 {
		if err := b.p.Submit(&o.Operation, &proactors.Request{Kind: proactors.Poll, Mask: proactors.Writable, FD: x}); err == nil {
			b.Fatal("submitted while in flight")
		}
		b.wait(0)
	}
	b.put(y, []byte("hello"))
	b.over(&o)
	if string(buf) != "hello" {
		b.Errorf("received %q", buf)
	}
}

func testUnknownKind(b *bench) {
	x, _ := b.pair()
	var o op
	for _, kind := range []proactors.Kind{0, 200} {
		if err := b.try(&o, proactors.Request{Kind: kind, FD: x, Mask: proactors.Writable}); !errors.Is(err, errors.ErrUnsupported) {
			b.Errorf("kind %d: %v", kind, err)
		}
	}
	if n := b.wait(0); n != 0 {
		b.Errorf("%d completions of what was refused", n)
	}
	if c := b.do(proactors.Request{Kind: proactors.Poll, FD: x, Mask: proactors.Writable}); c.N != int32(proactors.Writable) {
		b.Errorf("afterwards: %+v", c)
	}
}

// testFlush: without a Wait the system does what is queued.
func testFlush(b *bench) {
	x, y := b.pair()
	var o op
	b.must(b.p.Flush())
	b.submit(&o, proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("hello")}})
	b.must(b.p.Flush())
	if got := b.take(y, 5); string(got) != "hello" {
		b.Errorf("%q came", got)
	}
	if !o.InFlight() {
		b.Error("over before a Wait has said so")
	}
	b.over(&o)
}

func testAttachAgain(b *bench) {
	x, y := b.pair()
	for range 3 {
		b.must(b.p.Attach(x))
	}
	b.put(y, []byte("x"))
	if c := b.do(proactors.Request{Kind: proactors.Poll, FD: x, Mask: proactors.Readable}); c.N != int32(proactors.Readable) {
		b.Errorf("%+v", c)
	}
}

// testKeptLonger: a completion is a value, and what it lends does not change, until it is
// released.
func testKeptLonger(b *bench) {
	x, y := b.pair()
	const rounds = 40
	var o op
	o.on = func(c proactors.Completion) {
		if c.Flags&proactors.More == 0 && len(o.got) < rounds {
			b.submit(&o, o.request)
		}
	}
	b.submit(&o, proactors.Request{Kind: proactors.Receive, Repeat: true, FD: x})
	for i := range rounds {
		b.put(y, []byte{byte(i)})
		b.until("a byte", func() bool { return len(o.got) > i })
	}
	for i, c := range o.got {
		if p := b.p.Memory(c); len(p) != 1 || p[0] != byte(i) {
			b.Errorf("completion %d lends %v", i, p)
		}
	}
	for _, i := range []int{1, 0, 3} { // in no order
		b.p.Release(o.got[i])
	}
	for i, c := range o.got[4:] {
		if p := b.p.Memory(c); p[0] != byte(i+4) {
			b.Errorf("completion %d lends %v when others have been released", i+4, p)
		}
		b.p.Release(c)
	}
	b.p.Release(o.got[2])
}

func testNames(b *bench) {
	if b.p.Name() == "" || b.p.String() == "" {
		b.Errorf("Name %q, String %q", b.p.Name(), b.p.String())
	}
	if fds := b.p.Descriptors(); slices.Contains(fds, ^uintptr(0)) {
		b.Errorf("Descriptors %v", fds)
	}
	if m, ok := b.p.(proactors.Meter); ok {
		if u := m.Usage(); u != (proactors.Usage{}) {
			b.Errorf("a new one uses %+v", u)
		}
	}
}

// TestManyOperations submits so many operations before the first Wait: more than the
// queues of the system hold, if it has any. All must be done.
func TestManyOperations(t *testing.T, open func() (proactors.Proactor, error), n int) {
	b := newBench(t, open)
	x, y := b.pair()
	ops := make([]op, n)
	for i := range ops {
		b.submit(&ops[i], proactors.Request{Kind: proactors.Poll, Mask: proactors.Writable, FD: []uintptr{x, y}[i%2]})
	}
	for i := 0; i < n; i += 7 {
		b.cancel(&ops[i])
	}
	left := n
	for deadline := time.Now().Add(2 * patience); left > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d operations do not end", left, n)
		}
		left -= b.wait(time.Second)
	}
	for i := range ops {
		if c := ops[i].last(); len(ops[i].got) != 1 || c.N != int32(proactors.Writable) && !c.Cancelled() {
			t.Fatalf("operation %d: %+v", i, ops[i].got)
		}
	}
}

// TestAllocations expects that operations allocate nothing in steady state. Call it
// from a test that is not parallel.
func TestAllocations(t *testing.T, open func() (proactors.Proactor, error)) {
	b := newBench(t, open)
	for _, c := range []struct {
		name  string
		round func() func()
	}{
		{"send and receive", b.sendAndReceive},
		{"receive into memory of the user's", b.receiveOwn},
		{"poll and cancel", b.pollAndCancel},
		{"post", b.postAndReceive},
		{"wake", func() func() {
			return func() { b.p.Wake(); b.quick(nil) }
		}},
	} {
		round := c.round()
		for range 3000 { // through all buffers
			round()
		}
		if n := testing.AllocsPerRun(200, round); n != 0 {
			t.Errorf("%s: %v allocations for each round", c.name, n)
		}
	}
}

// quick is wait without the looking, which allocates.
func (b *bench) quick(on func(c proactors.Completion)) {
	done, err := b.p.Wait(patience)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range done {
		on(c)
	}
}

func (b *bench) sendAndReceive() func() {
	x, y := b.pair()
	var send, receive proactors.Operation
	in := &proactors.Request{Kind: proactors.Receive, Repeat: true, FD: x}
	b.must(b.p.Submit(&receive, in))
	out := &proactors.Request{Kind: proactors.Send, FD: y, Bufs: [][]byte{make([]byte, 64), make([]byte, 64)}}
	got := 0
	on := func(c proactors.Completion) {
		if c.Op != &receive {
			return
		}
		got += int(c.N)
		b.p.Release(c)
		if c.Flags&proactors.More == 0 {
			b.must(b.p.Submit(&receive, in))
		}
	}
	return func() {
		b.must(b.p.Submit(&send, out))
		for got = 0; got < 128 || send.InFlight(); {
			b.quick(on)
		}
	}
}

func (b *bench) receiveOwn() func() {
	x, y := b.pair()
	var send, receive proactors.Operation
	in := &proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 64)}}
	out := &proactors.Request{Kind: proactors.Send, FD: y, Bufs: [][]byte{make([]byte, 64)}}
	on := func(proactors.Completion) {}
	return func() {
		b.must(b.p.Submit(&receive, in))
		b.must(b.p.Submit(&send, out))
		for receive.InFlight() || send.InFlight() {
			b.quick(on)
		}
	}
}

func (b *bench) pollAndCancel() func() {
	x, _ := b.pair()
	var writable, readable proactors.Operation
	w := &proactors.Request{Kind: proactors.Poll, FD: x, Mask: proactors.Writable}
	r := &proactors.Request{Kind: proactors.Poll, FD: x, Mask: proactors.Readable}
	on := func(proactors.Completion) {}
	return func() {
		b.must(b.p.Submit(&readable, r))
		b.must(b.p.Submit(&writable, w))
		for writable.InFlight() {
			b.quick(on)
		}
		b.p.Cancel(&readable)
		for readable.InFlight() {
			b.quick(on)
		}
	}
}

func (b *bench) postAndReceive() func() {
	x, y := b.pair()
	var post, receive proactors.Operation
	in := &proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 64)}}
	out := &proactors.Request{Kind: proactors.Send, Post: true, FD: y, Bufs: [][]byte{make([]byte, 64)}}
	on := func(proactors.Completion) {}
	return func() {
		if err := b.p.Submit(&post, out); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			b.Fatal(err)
		} else if err != nil {
			b.must(b.p.Submit(&post, &proactors.Request{Kind: proactors.Send, FD: y, Bufs: out.Bufs}))
		}
		b.must(b.p.Submit(&receive, in))
		for receive.InFlight() || post.InFlight() {
			b.quick(on)
		}
	}
}
