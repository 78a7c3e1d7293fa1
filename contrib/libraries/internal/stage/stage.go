// Package stage is what the tests of this module have in common: a loop of each kind, the
// coroutine that tests on it, and the proof that a call holds the loop.
package stage

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
)

// Stage is a loop under test, and the coroutine that tests on it.
type Stage struct {
	*onloop.Stage
	Log *testkit.LogBook // what the loop logs
}

// Over runs f, as the subtest named row, as a coroutine of a new loop of each kind: on Linux
// over epoll and over io_uring. What the exception handler hears of fails the test, and so
// does a descriptor or a goroutine that is left behind.
func Over(t *testing.T, row string, f func(s *Stage)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		for _, m := range testkit.Available(t, testkit.Kinds) {
			t.Run(m.Name, func(t *testing.T) {
				testkit.LeavesNothing(t, testkit.Patience)
				log := &testkit.LogBook{}
				s := &Stage{onloop.New(t, m, asyncio.WithLogger(log.Logger()), asyncio.WithBlockedReport(blockedReport)), log}
				s.Run(func() {
					f(s)
					s.Until("the other tasks end", func() bool { return len(asyncio.AllTasks(s.Loop)) == 1 })
				})
			})
		}
	})
}

// blockedReport is how long the loop may be held before that is reported.
const blockedReport = 20 * time.Millisecond

// Holds shows that a call holds the loop. The call must not end before release was called,
// which happens on another goroutine once the loop has reported that it is blocked, with a
// stack in which all of the texts stand. What was ready to run when the call began
// must not have run until then.
func (s *Stage) Holds(call func(), release func(), stackHas ...string) {
	s.Helper()
	var turned atomic.Bool
	released := make(chan struct{})
	_, err := s.Loop.CallSoon(func() { turned.Store(true) })
	s.Must(err)
	go func() {
		defer close(released)
		defer release()
		if !s.reported(stackHas) {
			s.Errorf("no report that the loop is blocked by %q; logged was: %s", stackHas, s.Log)
		} else if turned.Load() {
			s.Error("the loop has turned while the call was under way")
		}
	}()
	call()
	<-released
}

// reported waits, on a goroutine, for the report that the loop is blocked.
func (s *Stage) reported(stackHas []string) bool {
	texts := append([]string{"Event loop blocked for"}, stackHas...)
	for began := time.Now(); time.Since(began) < testkit.Patience; time.Sleep(time.Millisecond) {
		if len(s.Log.Lines(texts...)) > 0 {
			return true
		}
	}
	return false
}
