package proactortest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

var wakeCases = []testCase{
	{"wake-before-wait", testWakeBefore},
	{"wake-during-wait", testWakeDuring},
	{"wake-is-coalesced", testWakeCoalesced},
	{"wake-is-never-lost", testWakeNeverLost},
	{"wake-beside-completions", testWakeBeside},
	{"wait-times-out", testWaitTimesOut},
	{"brief-wait", testBriefWait},
}

func testWakeBefore(b *bench) {
	b.p.Wake()
	if n := b.wait(selectors.Forever); n != 0 {
		b.Errorf("%d completions", n)
	}
}

func testWakeDuring(b *bench) {
	for range 20 {
		woken := make(chan struct{})
		go func() {
			b.p.Wake()
			close(woken)
		}()
		b.wait(selectors.Forever)
		<-woken
		b.wait(0)
	}
}

// testWakeCoalesced: any number of calls ends one Wait, and not the one after it.
func testWakeCoalesced(b *bench) {
	for range 1000 {
		b.p.Wake()
	}
	b.wait(selectors.Forever)
	const timeout = 50 * time.Millisecond
	began := time.Now()
	b.wait(timeout)
	if took := time.Since(began); took < timeout-coarse {
		b.Errorf("woken again after %v", took)
	}
}

// coarse is how early a clock of the system's may think that it is.
const coarse = 16 * time.Millisecond

// testWakeNeverLost: who has said something and then called Wake is heard by a Wait that
// begins or ends after that.
func testWakeNeverLost(b *bench) {
	const others, each = 4, 500
	var said atomic.Int64
	var all sync.WaitGroup
	for range others {
		all.Go(func() {
			for range each {
				said.Add(1)
				b.p.Wake()
			}
		})
	}
	for said.Load() < others*each {
		b.wait(selectors.Forever)
	}
	all.Wait()
	b.wait(0)
}

// testWakeBeside: a Wake does not keep completions from coming, nor they it.
func testWakeBeside(b *bench) {
	x, y := b.pair()
	for range 200 {
		var o op
		b.submit(&o, proactors.Request{Kind: proactors.Receive, FD: x})
		b.put(y, []byte("x"))
		b.p.Wake()
		b.over(&o)
		b.p.Release(o.last())
	}
}

func testWaitTimesOut(b *bench) {
	x, _ := b.pair()
	var o op
	b.submit(&o, proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
	for _, timeout := range []time.Duration{0, -1, 1, time.Microsecond, 40 * time.Millisecond} {
		b.wait(0) // what is queued is handed over; the Wait itself waits
		began := time.Now()
		if n := b.wait(timeout); n != 0 {
			b.Errorf("%d completions", n)
		}
		if took := time.Since(began); took < timeout-coarse {
			b.Errorf("a Wait of %v took %v", timeout, took)
		}
	}
	b.cancel(&o)
	b.over(&o)
}

// testBriefWait: it ends by itself, and loses neither what is done nor a Wake.
func testBriefWait(b *bench) {
	x, y := b.pair()
	var o op
	for i := range 300 {
		b.submit(&o, proactors.Request{Kind: proactors.Receive, FD: x})
		b.wait(proactors.BriefWait)
		b.put(y, []byte{byte(i)})
		b.until("a byte", func() bool {
			b.wait(proactors.BriefWait)
			return !o.under
		})
		if p := b.p.Memory(o.last()); len(p) != 1 || p[0] != byte(i) {
			b.Fatalf("round %d: %v", i, p)
		}
		b.p.Release(o.last())
		if i%3 == 0 {
			b.p.Wake()
			if i%2 == 0 {
				b.wait(proactors.BriefWait) // may be woken by it, or leave it
				b.p.Wake()
			}
			b.wait(selectors.Forever)
		}
	}
}
