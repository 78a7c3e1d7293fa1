package asyncio

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// reportsInFull is how many reports of one kind are told before the next ones
	// are only counted, and reportPeriod for how long one counts. What was counted
	// is told at the end of the period, in one line.
	reportsInFull = 10
	reportPeriod  = time.Second

	// reportKinds is how many kinds are told apart.
	reportKinds = 64
)

// reportLimit keeps a loop from logging one thing without limit: a reader that
// panics in every pass would do nothing else, and whoever does not read what is
// logged would bring the loop to a stand. The loop logs on its own goroutine, so a
// slog.Handler that blocks holds it up; what is bounded here is how often.
type reportLimit struct {
	mu    sync.Mutex
	kinds []*reportKind // those that were reported lately
	armed bool          // a timer is set for the sums, or on its way to the loop
	over  bool          // the loop is closed: nothing comes in numbers any more
}

// reportKind is what counts as the same report again and again.
type reportKind struct {
	name  string
	began time.Duration // when the period began
	left  int           // how many more are told in full
	more  int           // how many were not, since then
	sum   func(more string)
}

// mayReport reports whether a report of this kind is to be told. Otherwise it is
// counted, and sum told later how many it were: "... and 2,345 more in the last
// second". Of several sums of a kind the last one is called. Any goroutine may
// call it.
func (l *baseLoop) mayReport(kind string, sum func(more string)) bool {
	r, now := &l.reports, l.core.Now()
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return true
	}
	k, late := r.kind(kind, now)
	if k.left > 0 {
		k.left--
		r.mu.Unlock()
		late()
		return true
	}
	k.more++
	k.sum = sum
	arm := !r.armed
	r.armed = true
	r.mu.Unlock()
	late()
	if arm && !l.asOwner(l.setReportTimer) {
		l.post(callback(l.setReportTimer), 0)
	}
	return false
}

// kind returns the entry of a kind in a period that is not over. late tells what
// nobody has told at the end of an earlier one.
func (r *reportLimit) kind(name string, now time.Duration) (k *reportKind, late func()) {
	late = func() {}
	i := slices.IndexFunc(r.kinds, func(k *reportKind) bool { return k.name == name })
	if i >= 0 {
		k = r.kinds[i]
		if now-k.began >= reportPeriod {
			late = k.next(now)
		}
		return k, late
	}
	if len(r.kinds) == reportKinds {
		late = r.kinds[0].next(now)
		r.kinds = slices.Delete(r.kinds, 0, 1)
	}
	k = &reportKind{name: name, began: now, left: reportsInFull}
	r.kinds = append(r.kinds, k)
	return k, late
}

// next begins another period and returns what tells the sum of this one. Reports
// are told in full again after a period that had none to count.
func (k *reportKind) next(now time.Duration) (tell func()) {
	more, sum, d := k.more, k.sum, now-k.began
	k.began, k.more, k.sum = now, 0, nil
	if more == 0 {
		k.left = reportsInFull
		return func() {}
	}
	k.left = 0
	return func() { sum(moreReports(more, d)) }
}

// moreReports says how many reports were not told, in what time.
func moreReports(n int, d time.Duration) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if d = d.Round(time.Second); d > time.Second {
		return fmt.Sprintf("... and %s more in the last %v", digits, d)
	}
	return fmt.Sprintf("... and %s more in the last second", digits)
}

// setReportTimer has the sums told at the end of the period. The timer is none
// that an embedder's loop would have to know. Loop only.
func (l *baseLoop) setReportTimer() {
	if l.IsClosed() {
		return // the end of Close tells them
	}
	l.core.At(l.core.Later(reportPeriod), (*reportTimer)(l), 0)
}

// reportTimer is the end of a period.
type reportTimer baseLoop

func (t *reportTimer) callbackName() string { return "sum up reports" }

func (t *reportTimer) Complete(uint64) { (*baseLoop)(t).sumReports(false) }

// sumReports tells what was counted, and once the loop is closed for good.
func (l *baseLoop) sumReports(over bool) {
	r, now := &l.reports, l.core.Now()
	var sums []func()
	r.mu.Lock()
	r.armed = false
	r.over = r.over || over
	for _, k := range r.kinds {
		if k.more > 0 {
			sums = append(sums, k.next(now))
		}
	}
	if over {
		r.kinds = nil
	}
	r.mu.Unlock()
	for _, sum := range sums {
		_ = l.guard(sum) // a logger that panics keeps no loop from closing
	}
}
