package serve

import (
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	before := view{at: begun, counters: counters{messages: 10, bytes: 100}, loops: []sample{{age: time.Second, awake: time.Second / 2}}}
	now := view{
		at: begun.Add(2 * time.Second), counters: counters{messages: 30, bytes: 4_000_100}, clients: 7, lag: 1500 * time.Microsecond,
		loops: []sample{{age: 3 * time.Second, awake: time.Second}},
	}
	if got, want := now.line(before), "7 clients  10 msg/s  2 MB/s  busy 25%  lag 1.5 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A second loop from which nothing has come back is busy.
	now.loops, before.loops = append(now.loops, sample{}), append(before.loops, sample{})
	if got, want := now.line(before), "7 clients  10 msg/s  2 MB/s  busy 62% (max 100%)  lag 1.5 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for n, want := range map[float64]string{0: "0 ", 999: "999 ", 1000: "1 k", 12345: "12.3 k", 999_999: "1 M", 5e9: "5 G", 5e12: "5 T"} {
		if got := short(n); got != want {
			t.Errorf("%v is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{999 * time.Nanosecond: "0 us", 40 * time.Microsecond: "40 us", 2 * time.Second: "2 s"} {
		if got := shortTime(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
