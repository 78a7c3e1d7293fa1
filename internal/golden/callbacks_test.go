package golden_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestCallbacks(t *testing.T) {
	compare(t, "callbacks",
		soonRunsInOrder, soonFromCallbacksWaitsForNextPass, soonCancelledByEarlier,
		soonCancelledByLaterIsTooLate, laterRunsByDueTime, laterAtSameTimeKeepsOrder,
		laterWithPastDueTimes, laterZeroComesAfterSoon, timerCancelsTimerOfSamePass,
		timersOfOnePassBeforeWhatTheySchedule, timerSetsTimer, stopLetsThePassEnd,
		stopBeforeRunIsOnePass, stopTwiceStopsOnce, statesOfALoop, threadsafeKeepsOrderOnOwnLoop,
		failingCallbackGoesToHandler, handlerCalledByHand, runUntilCompleteAgainAndAgain,
		runUntilCompleteStoppedEarly, runUntilCompleteOfDoneFuture)
}

// drain runs the loop until everything due within n ticks has run.
func (s *stage) drain(n float64) {
	s.later(n+1, s.loop.Stop)
	s.must(s.loop.RunForever())
}

func soonRunsInOrder(s *stage) {
	for _, name := range []string{"a", "b", "c"} {
		s.soon(s.say(name))
	}
	s.drain(0)
}

func soonFromCallbacksWaitsForNextPass(s *stage) {
	for _, name := range []string{"a", "b", "c"} {
		s.soon(func() {
			s.out(name, 1)
			s.soon(s.say(name, 2))
		})
	}
	s.drain(0)
}

func soonCancelledByEarlier(s *stage) {
	var handle asyncio.Handle
	s.soon(func() {
		s.out("first")
		handle.Cancel()
		s.out("cancelled", handle.Cancelled())
	})
	handle = s.soon(s.say("never"))
	s.soon(s.say("third"))
	s.drain(0)
}

func soonCancelledByLaterIsTooLate(s *stage) {
	handle := s.soon(s.say("ran"))
	s.soon(func() { handle.Cancel() })
	s.soon(s.say("end"))
	s.drain(0)
}

func laterRunsByDueTime(s *stage) {
	for _, n := range []float64{3, 1, 2} {
		s.later(n, s.say("tick", n))
	}
	s.drain(3)
}

func laterAtSameTimeKeepsOrder(s *stage) {
	when := s.loop.Time() + 2*tick
	s.at(when, s.say("first"))
	s.at(when, s.say("second"))
	s.later(1, s.say("sooner"))
	s.drain(2)
}

func laterWithPastDueTimes(s *stage) {
	s.later(-1, s.say("minus one"))
	s.later(-2, s.say("minus two"))
	s.soon(s.say("soon"))
	s.drain(0)
}

func laterZeroComesAfterSoon(s *stage) {
	s.later(0, s.say("later"))
	s.soon(s.say("soon"))
	s.drain(0)
}

func timerCancelsTimerOfSamePass(s *stage) {
	when := s.loop.Time() + tick
	var second asyncio.TimerHandle
	s.at(when, func() {
		s.out("first")
		second.Cancel()
	})
	second = s.at(when, s.say("never"))
	s.at(when, s.say("third"))
	s.drain(1)
}

func timersOfOnePassBeforeWhatTheySchedule(s *stage) {
	when := s.loop.Time() + tick
	for _, name := range []string{"a", "b"} {
		s.at(when, func() {
			s.out("timer", name)
			s.soon(s.say("soon from", name))
		})
	}
	s.drain(1)
}

func timerSetsTimer(s *stage) {
	var again func(n int) func()
	again = func(n int) func() {
		return func() {
			s.out("timer", n)
			if n < 3 {
				s.later(1, again(n+1))
			}
		}
	}
	s.later(1, again(1))
	s.later(2.5, s.say("between"))
	s.drain(4)
}

func stopLetsThePassEnd(s *stage) {
	s.soon(func() {
		s.out("a")
		s.loop.Stop()
		s.soon(s.say("left over"))
	})
	s.soon(s.say("b"))
	s.must(s.loop.RunForever())
	s.out("stopped")
	s.soon(s.loop.Stop)
	s.must(s.loop.RunForever())
	s.out("stopped again")
}

func stopBeforeRunIsOnePass(s *stage) {
	s.soon(func() {
		s.out("a")
		s.soon(s.say("next pass"))
	})
	s.loop.Stop()
	s.must(s.loop.RunForever())
	s.out("stopped")
	s.loop.Stop()
	s.must(s.loop.RunForever())
	s.out("stopped again")
}

func stopTwiceStopsOnce(s *stage) {
	s.soon(s.loop.Stop)
	s.soon(s.loop.Stop)
	s.must(s.loop.RunForever())
	s.out("stopped")
	s.soon(s.say("runs"))
	s.drain(0)
}

func statesOfALoop(s *stage) {
	loop := s.loop
	s.out("before: running", loop.IsRunning(), "closed", loop.IsClosed())
	s.soon(func() {
		s.out("inside: running", loop.IsRunning(), "closed", loop.IsClosed())
		s.out("close", refused(loop.Close(), asyncio.ErrLoopRunning))
		s.out("run", refused(loop.RunForever(), asyncio.ErrLoopRunning))
		loop.Stop()
	})
	s.must(loop.RunForever())
	s.out("after: running", loop.IsRunning(), "closed", loop.IsClosed())
	s.must(loop.Close())
	s.must(loop.Close())
	s.out("closed: running", loop.IsRunning(), "closed", loop.IsClosed())
	s.out("run", refused(loop.RunForever(), asyncio.ErrLoopClosed))
	never := s.say("never")
	_, err := loop.CallSoon(never)
	s.out("call_soon", refused(err, asyncio.ErrLoopClosed))
	_, err = loop.CallLater(0, never)
	s.out("call_later", refused(err, asyncio.ErrLoopClosed))
	_, err = loop.CallSoonThreadsafe(never)
	s.out("call_soon_threadsafe", refused(err, asyncio.ErrLoopClosed))
}

func threadsafeKeepsOrderOnOwnLoop(s *stage) {
	threadsafe := func(f func()) {
		_, err := s.loop.CallSoonThreadsafe(f)
		s.must(err)
	}
	s.soon(func() {
		s.soon(s.say("a"))
		threadsafe(s.say("b"))
		s.soon(s.say("c"))
		threadsafe(s.say("d"))
	})
	s.drain(0)
}

func failingCallbackGoesToHandler(s *stage) {
	s.must(s.loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		before, _, _ := strings.Cut(c.Message, "callback")
		s.out("handler:", before+"callback:", describe(c.Err))
	}))
	fail := func() {
		s.out("fails")
		panic(boom("a"))
	}
	s.soon(fail)
	s.soon(s.say("goes on"))
	s.later(1, fail)
	s.later(2, s.say("and on"))
	s.drain(2)
}

func handlerCalledByHand(s *stage) {
	s.must(s.loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		s.out("handler:", c.Message)
	}))
	s.loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "something"})
	s.out("set", s.loop.GetExceptionHandler() != nil)
	s.must(s.loop.SetExceptionHandler(nil))
	s.out("set", s.loop.GetExceptionHandler() != nil)
}

func runUntilCompleteAgainAndAgain(s *stage) {
	for _, n := range []int{1, 2, 3} {
		task := s.task(func(context.Context) (any, error) {
			s.out("work", n)
			s.soon(s.say("scheduled by", n))
			return n * n, nil
		})
		s.must(s.loop.RunUntilComplete(task))
		s.out(outcome(task))
	}
	s.drain(0)
}

func runUntilCompleteStoppedEarly(s *stage) {
	gate := s.future()
	task := s.task(func(ctx context.Context) (any, error) {
		s.out("work begins")
		if _, err := gate.Await(ctx); err != nil {
			return nil, err
		}
		s.out("work ends")
		return 7, nil
	})
	s.later(1, s.loop.Stop)
	s.out("run", refused(s.loop.RunUntilComplete(task), asyncio.ErrLoopStopped))
	s.out("done", task.Done())
	s.later(1, func() { s.must(gate.SetResult(nil)) })
	s.must(s.loop.RunUntilComplete(task))
	s.out(outcome(task))
}

func runUntilCompleteOfDoneFuture(s *stage) {
	f := s.future()
	s.must(f.SetResult("ready"))
	s.soon(s.say("queued before"))
	s.must(s.loop.RunUntilComplete(f))
	s.out(outcome(f))
	failed := s.future()
	s.must(failed.SetException(boom("b")))
	s.out(describe(s.loop.RunUntilComplete(failed)))
	gone := s.future()
	gone.Cancel()
	s.out(describe(s.loop.RunUntilComplete(gone)))
}
