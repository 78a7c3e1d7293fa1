package trace

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// record has a recorder hear of events.
func record(r *Recorder, events []Event) {
	for _, e := range events {
		if e.What == Draw {
			r.Drew(e.When, simulated.Latency, int64(e.ID), int64(e.Sum))
		} else {
			r.Happened(e)
		}
	}
}

// TestSum: equal traces have equal sums, on every machine, and whatever differs in one event
// makes another one.
func TestSum(t *testing.T) {
	t.Parallel()
	events := madeUp(300)
	var r, again Recorder
	record(&r, events)
	again.Keep(10)
	again.Remember(5)
	record(&again, events)
	if r.Sum() != again.Sum() || r.Count() != 300 {
		t.Errorf("sums %x and %x of %d events", r.Sum(), again.Sum(), r.Count())
	}
	var known Recorder
	known.Happened(Event{When: 5, Host: "a", What: "send", Peer: "something long", ID: 3, Size: 9, Sum: 1 << 63, Text: "x"})
	known.Drew(7, simulated.Loss, 10, 3)
	if want := uint64(0x808058b129fa3eda); known.Sum() != want {
		t.Errorf("the sum of two known events is %#x, want %#x", known.Sum(), want)
	}
	base := Event{When: 5, Host: "a", What: "b", Peer: "c", ID: 1, Size: 2, Sum: 3, Text: "d"}
	met := map[uint64]string{}
	for name, change := range map[string]func(*Event){
		"nothing": func(*Event) {}, "time": func(e *Event) { e.When++ }, "host": func(e *Event) { e.Host = "b" },
		"what": func(e *Event) { e.What = "bb" }, "shifted": func(e *Event) { e.Host, e.What = "ab", "" },
		"peer": func(e *Event) { e.Peer = "" }, "id": func(e *Event) { e.ID = 2 }, "size": func(e *Event) { e.Size = 1 },
		"sum": func(e *Event) { e.Sum = 1 }, "text": func(e *Event) { e.Text = "d\x00" },
	} {
		var one Recorder
		e := base
		change(&e)
		one.Happened(e)
		if other := met[one.Sum()]; other != "" {
			t.Errorf("another %s has the sum of another %s", name, other)
		}
		met[one.Sum()] = name
	}
}

// TestKept: of many events the last are kept, and how many are missing is known.
func TestKept(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 9, 10, 20, 21, 57} {
		var r Recorder
		r.Keep(10)
		for i := range count {
			r.Happened(Event{When: time.Duration(i)})
		}
		kept := r.Kept()
		if len(kept) < min(count, 10) || len(kept) > 20 || len(kept)+r.Left() != count {
			t.Errorf("of %d events %d are kept and %d left out", count, len(kept), r.Left())
		}
		for i, e := range kept {
			if int(e.When) != r.Left()+i {
				t.Fatalf("of %d events number %d is %d", count, r.Left()+i, e.When)
			}
		}
	}
}

// TestSumIsCheap: an event that is not kept makes no garbage.
func TestSumIsCheap(t *testing.T) {
	var r Recorder
	e := Event{When: 1, Host: "alpha", What: "send", Peer: "beta", ID: 1, Size: 64}
	if n := testing.AllocsPerRun(1000, func() { r.Happened(e); r.Drew(1, simulated.Turn, 3, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkHappened is an event that is summed up.
func BenchmarkHappened(b *testing.B) {
	var r Recorder
	e := Event{When: 1, Host: "alpha", What: "send", Peer: "beta", ID: 1, Size: 64}
	for b.Loop() {
		r.Happened(e)
	}
}

// TestDifference: the first event that differs is found and named, wherever it is.
func TestDifference(t *testing.T) {
	t.Parallel()
	events := madeUp(100)
	for at := range 100 {
		for _, limit := range []int{1000, at + 1, at} {
			var then, now Recorder
			base := then.Remember(limit)
			record(&then, events)
			now.Compare(base)
			changed := append([]Event(nil), events...)
			changed[at].When += 7
			if changed[at].What == Draw {
				changed[at].ID++
			}
			record(&now, changed)
			d := now.Difference(false)
			if d == nil || d.Number != at || d.Forgotten != (limit == at) || len(d.Now) == 0 || d.Now[0].When != changed[at].When {
				t.Fatalf("changed event %d, limit %d: found %+v", at, limit, d)
			}
			if !d.Forgotten && d.Then[0].When != events[at].When {
				t.Fatalf("changed event %d: the other one was %v", at, d.Then[0])
			}
			if len(d.Before) != min(at, shown) || at > 0 && d.Before[len(d.Before)-1].When != events[at-1].When {
				t.Fatalf("changed event %d: before it %v", at, d.Before)
			}
			if text := d.String(); !strings.Contains(text, fmt.Sprintf("the runs part at event %d", at+1)) ||
				!d.Forgotten && !strings.Contains(text, "another time") {
				t.Fatal(text)
			}
		}
	}
}

// TestDifferentLengths: a run that ends early differs, once it is known to have ended, and
// so does one that goes on.
func TestDifferentLengths(t *testing.T) {
	t.Parallel()
	events := madeUp(100)
	var then, same, short, long Recorder
	base := then.Remember(1000)
	record(&then, events[:90])
	for _, r := range []*Recorder{&same, &short, &long} {
		r.Compare(base)
	}
	record(&same, events[:90])
	if d := same.Difference(true); d != nil {
		t.Errorf("equal runs: %v", d)
	}
	record(&short, events[:80])
	if d := short.Difference(false); d != nil {
		t.Errorf("it goes on: %v", d)
	}
	if d := short.Difference(true); d == nil || d.Number != 80 || len(d.Now) != 0 || !strings.HasSuffix(d.String(), "(ends)\n") {
		t.Errorf("it ends early: %v", d)
	}
	record(&long, events)
	if d := long.Difference(true); d == nil || d.Number != 90 || len(d.Then) != 0 || !strings.Contains(d.String(), "first:\n    (ends)\n") {
		t.Errorf("it goes on: %v", d)
	}
}

// TestText: the columns stand below each other, and draws are shown when asked for.
func TestText(t *testing.T) {
	t.Parallel()
	events := []Event{
		{When: 1500 * time.Millisecond, Host: "a", What: "send", Peer: "beta", ID: 7, Size: 64, Text: "hello", Data: []byte("add 1\n")},
		{When: 1500 * time.Millisecond, What: Draw, Text: "latency", ID: 10, Sum: 3},
		{When: 1500*time.Millisecond + 1, Host: "beta", What: "arrive", Peer: "a", ID: 7, Size: 2, Data: []byte{'a', 0x80}},
		{When: 100 * time.Second, What: "advance"},
	}
	var b bytes.Buffer
	for _, draws := range []bool{false, true} {
		if err := (&Text{Draws: draws}).Write(&b, events); err != nil {
			t.Fatal(err)
		}
	}
	const want = `    1.500000000  a     send     → beta  #7  64 B  hello  "add 1\n"…
    1.500000001  beta  arrive   ← a  #7  2 B
  100.000000000  -     advance
    1.500000000  a     send     → beta  #7  64 B  hello  "add 1\n"…
    1.500000000  -     draw     latency 3 of 10
    1.500000001  beta  arrive   ← a  #7  2 B
  100.000000000  -     advance
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
