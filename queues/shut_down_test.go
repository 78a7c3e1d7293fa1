package queues_test

import (
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/queues"
)

// shutdownRow is a row that must hold for all kinds of queues, which proves
// queues.710.shutdown-kinds with each of them.
func shutdownRow(t *testing.T, id string, f func(s *stage, make func(maxsize int) queue)) {
	t.Helper()
	kindsRow(t, id+"+queues.710.shutdown-kinds", f)
}

// refuses checks that every put and get is refused.
func (s *stage) refuses(q queue) {
	s.Helper()
	s.putsRefused(q)
	_, err := q.Get(s.Ctx)
	s.wantError("get", err, queues.ErrShutDown)
	_, err = q.GetNowait()
	s.wantError("get without waiting", err, queues.ErrShutDown)
}

func (s *stage) putsRefused(q queue) {
	s.Helper()
	s.wantError("put", q.Put(s.Ctx, 9), queues.ErrShutDown)
	s.wantError("put without waiting", q.PutNowait(9), queues.ErrShutDown)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	shutdownRow(t, "queues.702.shutdown-wakes-getter", func(s *stage, make func(int) queue) {
		q := make(0)
		getter := s.get(q)
		s.Passes(1)
		q.Shutdown(false)
		failure(s, "getter", getter, queues.ErrShutDown)
		s.Must(q.Join(s.Ctx))
	})
	shutdownRow(t, "queues.703.shutdown-empty-refuses", func(s *stage, make func(int) queue) {
		q := make(0)
		q.Shutdown(false)
		s.refuses(q)
		q.Shutdown(false)
		s.refuses(q)
	})
	shutdownRow(t, "queues.704.shutdown-wakes-putter", func(s *stage, make func(int) queue) {
		q := make(1)
		s.puts(q, 1)
		putter := s.put(q, 2)
		s.Passes(1)
		q.Shutdown(false)
		failure(s, "putter", putter, queues.ErrShutDown)
		onloop.Want(s, "size", q.Len(), 1)
	})
	shutdownRow(t, "queues.705.shutdown-drain", func(s *stage, make func(int) queue) {
		q := make(2)
		s.puts(q, 1, 1)
		q.Shutdown(false)
		s.putsRefused(q)
		got, err := q.Get(s.Ctx)
		s.Must(err)
		onloop.Want(s, "item", got, 1)
		s.putsRefused(q)
		s.gets(q, 1)
		s.refuses(q)
	})
	shutdownRow(t, "queues.706.shutdown-join-waits", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1, 1)
		q.Shutdown(false)
		joiner := asyncio.GoErr(s.Ctx, q.Join)
		s.gets(q, 1, 1)
		for range 2 {
			s.Passes(2)
			onloop.Want(s, "joined", joiner.Done(), false)
			s.Must(q.TaskDone())
		}
		result(s, joiner)
		s.wantError("once more", q.TaskDone(), asyncio.ErrInvalidArgument)
	})
	shutdownRow(t, "queues.707.shutdown-immediate", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1, 2)
		joiner := asyncio.GoErr(s.Ctx, q.Join)
		s.Passes(1)
		q.Shutdown(true)
		onloop.Want(s, "size", q.Len(), 0)
		result(s, joiner)
		s.Must(q.Join(s.Ctx))
		s.refuses(q)
		s.wantError("TaskDone", q.TaskDone(), asyncio.ErrInvalidArgument)
	})
	shutdownRow(t, "queues.708.shutdown-immediate-unfinished", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1, 1)
		joiner := asyncio.GoErr(s.Ctx, q.Join)
		s.gets(q, 1)
		q.Shutdown(true)
		s.Passes(3)
		onloop.Want(s, "joined", joiner.Done(), false)
		s.Must(q.TaskDone())
		result(s, joiner)
		s.wantError("once more", q.TaskDone(), asyncio.ErrInvalidArgument)
	})
	shutdownRow(t, "queues.709.shutdown-wakes-all", func(s *stage, make func(int) queue) {
		for _, immediate := range []bool{false, true} {
			q := make(0)
			getters := []*asyncio.Task[int]{s.get(q), s.get(q), s.get(q)}
			full := make(1)
			s.puts(full, 1)
			putters := []*asyncio.Task[struct{}]{s.put(full, 2), s.put(full, 3), s.put(full, 4)}
			s.Passes(1)
			q.Shutdown(immediate)
			full.Shutdown(immediate)
			s.Passes(2)
			for i := range 3 {
				onloop.Want(s, "woken", getters[i].Done() && putters[i].Done(), true)
				failure(s, "getter", getters[i], queues.ErrShutDown)
				failure(s, "putter", putters[i], queues.ErrShutDown)
			}
		}
	})
	shutdownRow(t, "queues.711.shutdown-cancelled-getter", func(s *stage, make func(int) queue) {
		for _, first := range []bool{false, true} {
			q := make(0)
			cancelled, other := s.get(q), s.get(q)
			s.Passes(1)
			if first {
				cancelled.Cancel()
			}
			q.Shutdown(false)
			if !first {
				cancelled.Cancel()
			}
			failure(s, "the cancelled one", cancelled, asyncio.ErrCancelled)
			failure(s, "the other", other, queues.ErrShutDown)
		}
	})
	shutdownRow(t, "who was woken for an item before the shutdown gets it", func(s *stage, make func(int) queue) {
		q := make(0)
		first, second := s.get(q), s.get(q)
		s.Passes(1)
		s.puts(q, 1)
		q.Shutdown(false)
		onloop.Want(s, "item", result(s, first), 1)
		failure(s, "second", second, queues.ErrShutDown)
	})
}
