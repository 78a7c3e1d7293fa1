package selectortest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

var selectCases = []testCase{
	{"selectors.010.select-writable-only", testWritableOnly},
	{"selectors.013.many-sockets-roundtrip", testRoundTrip},
	{"selectors.014.empty-select-zero-timeout", testEmpty},
	{"level-triggered", testLevelTriggered},
	{"end-of-stream", testEndOfStream},
	{"one-entry-per-file", testOneEntry},
	{"descriptor-reused", testReused},
}

func testWritableOnly(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	mustRegister(t, s, a, read, nil)
	key := mustRegister(t, s, b, write, nil)
	wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: key, Events: write})
}

func testEmpty(t *testing.T, s selectors.Selector) {
	wantReady(t, mustSelect(t, s, 0))
	wantReady(t, mustSelect(t, s, -time.Second))
	wantReady(t, mustSelect(t, s, time.Millisecond))
}

func testRoundTrip(t *testing.T, s selectors.Selector) {
	const pairs = 12
	const message = " This is a test."
	rng := rand.New(rand.NewPCG(13, 0))
	partner := map[*End]*End{}
	for range pairs {
		r, w := Pair(t)
		mustRegister(t, s, r, read, nil)
		mustRegister(t, s, w, write, nil)
		partner[w] = r
	}
	// The next Select overwrites what the last has returned; that of each
	// event is kept apart.
	readyFor := func(event selectors.EventMask) (ends []*End) {
		for range 10 {
			for _, r := range mustSelect(t, s, time.Second) {
				if r.Events&event != 0 {
					ends = append(ends, r.Key.FileObj.(*End))
				}
			}
			if len(ends) > 0 {
				return ends
			}
		}
		t.Fatalf("nothing is ready to %v", event)
		return nil
	}
	for received := range pairs {
		writers := readyFor(write)
		if len(writers) != pairs-received {
			t.Fatalf("%d writers are ready, want %d", len(writers), pairs-received)
		}
		w := writers[rng.IntN(len(writers))]
		w.Send(t, message)
		readers := readyFor(read)
		if want := []*End{partner[w]}; !slices.Equal(readers, want) {
			t.Fatalf("%d readers are ready, want the partner of the writer alone", len(readers))
		}
		if got := readers[0].Receive(t); got != message {
			t.Errorf("received %q", got)
		}
		for _, end := range []*End{w, readers[0]} {
			if _, err := s.Unregister(end); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := s.GetMap().Len(); n != 0 {
		t.Errorf("%d registrations left", n)
	}
}

// testLevelTriggered: what is ready is reported each time, until it is not.
func testLevelTriggered(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	key := mustRegister(t, s, a, read, nil)
	b.Send(t, "xy")
	for range 3 {
		wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: key, Events: read})
	}
	a.Receive(t)
	wantReady(t, mustSelect(t, s, 0))
}

// testEndOfStream: whoever waits to read learns that there will be nothing,
// and whoever waits to write, that nobody will read.
func testEndOfStream(t *testing.T, s selectors.Selector) {
	for _, events := range []selectors.EventMask{read, write, read | write} {
		a, b := Pair(t)
		a.fill(t)
		key := mustRegister(t, s, a, events, nil)
		wantReady(t, mustSelect(t, s, 0))
		if err := b.closeWrite(); err != nil {
			t.Fatal(err)
		}
		if events&read != 0 {
			wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: key, Events: read})
		}
		b.Close()
		// Where it takes time to get there, both may not come at once.
		var seen selectors.EventMask
		for seen != events {
			ready := mustSelect(t, s, 10*time.Second)
			if len(ready) != 1 || ready[0].Key != key {
				t.Fatalf("events %v, peer closed: ready %v, seen %v", events, describe(ready), seen)
			}
			seen |= ready[0].Events
			if immediate && seen != events {
				t.Fatalf("events %v, peer closed: ready for %v", events, seen)
			}
		}
		if _, err := s.Unregister(a); err != nil {
			t.Fatal(err)
		}
	}
}

func testOneEntry(t *testing.T, s selectors.Selector) {
	var want []selectors.Ready
	for range 3 {
		a, b := Pair(t)
		b.Send(t, "x")
		want = append(want, selectors.Ready{Key: mustRegister(t, s, a, read|write, nil), Events: read | write})
	}
	got := mustSelect(t, s, 10*time.Second)
	for deadline := time.Now().Add(5 * time.Second); !immediate && time.Now().Before(deadline); {
		if !slices.ContainsFunc(got, func(r selectors.Ready) bool { return r.Events != read|write }) && len(got) == len(want) {
			break
		}
		got = mustSelect(t, s, time.Millisecond)
	}
	wantReady(t, got, want...)
}

// testReused: a descriptor that was closed while registered, and unregistered
// after the system gave it to another file, concerns that file no more.
func testReused(t *testing.T, s selectors.Selector) {
	for i := range 5 {
		a, b := Pair(t)
		fd := a.Fd()
		mustRegister(t, s, fd, read, fmt.Sprint("old ", i))
		b.Send(t, "x")
		a.Close()
		c, d := Pair(t) // likely to have a's descriptor
		if _, err := s.Unregister(fd); err != nil {
			t.Fatal(err)
		}
		key := mustRegister(t, s, c, read, fmt.Sprint("new ", i))
		wantReady(t, mustSelect(t, s, 0))
		d.Send(t, "x")
		wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: key, Events: read})
		if _, err := s.Unregister(c); err != nil {
			t.Fatal(err)
		}
	}
}
