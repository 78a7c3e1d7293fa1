package golden_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestRunning(t *testing.T) {
	compare(t, "running",
		runnerRunsAgainOnSameLoop, runnerPassesOnError, runCancelsWhatIsLeft,
		runReportsErrorsOfWhatIsLeft, runInsideRunRefused, runMainCancelledByItself)
}

func (s *stage) run(main coroutine) (any, error) {
	return asyncio.Run(context.Background(), main, asyncio.WithLoopFactory(s.newLoop))
}

func runnerRunsAgainOnSameLoop(s *stage) {
	runner := asyncio.NewRunner(asyncio.WithLoopFactory(s.newLoop))
	main := func(n int) (any, error) {
		return runner.Run(context.Background(), func(context.Context) (any, error) {
			s.out("main", n)
			return asyncio.GetRunningLoop()
		})
	}
	first, err := main(1)
	s.must(err)
	second, err := main(2)
	s.must(err)
	loop, err := runner.Loop()
	s.must(err)
	s.out("same loop", first == second && second == any(loop))
	s.must(runner.Close())
	s.out("closed", loop.IsClosed())
	_, err = main(3)
	s.out("run when closed", refused(err, asyncio.ErrInvalidState))
}

func runnerPassesOnError(s *stage) {
	_, err := s.run(func(context.Context) (any, error) { return nil, boom("main") })
	s.out(describe(err))
}

func runCancelsWhatIsLeft(s *stage) {
	v, err := s.run(func(ctx context.Context) (any, error) {
		asyncio.Go(ctx, func(ctx context.Context) (any, error) {
			err := ticks(ctx, 10)
			s.out("cleanup begins")
			s.must(ticks(ctx, 1))
			s.out("cleanup ends")
			return nil, err
		})
		s.must(ticks(ctx, 1))
		s.out("main ends")
		return "result", nil
	})
	s.must(err)
	s.out(v)
}

func runReportsErrorsOfWhatIsLeft(s *stage) {
	v, err := s.run(func(ctx context.Context) (any, error) {
		loop, err := asyncio.GetRunningLoop()
		s.must(err)
		s.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
			s.out("handler:", describe(c.Err), "with task", c.Task != nil)
		}))
		asyncio.Go(ctx, func(ctx context.Context) (any, error) {
			if err := ticks(ctx, 10); err != nil {
				return nil, boom("left over")
			}
			return nil, nil
		})
		s.must(ticks(ctx, 1))
		return "result", nil
	})
	s.must(err)
	s.out(v)
}

func runInsideRunRefused(s *stage) {
	_, err := s.run(func(context.Context) (any, error) {
		_, err := s.run(func(context.Context) (any, error) {
			s.out("never started")
			return nil, nil
		})
		s.out("run", refused(err, asyncio.ErrLoopRunning))
		return nil, nil
	})
	s.must(err)
}

func runMainCancelledByItself(s *stage) {
	_, err := s.run(func(ctx context.Context) (any, error) {
		asyncio.Go(ctx, s.sleeper("child", 10))
		s.must(ticks(ctx, 1))
		asyncio.CurrentTask().Cancel()
		return nil, ticks(ctx, 1)
	})
	s.out(describe(err))
}
