package databasesql

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestMain fails if anything is left behind.
func TestMain(m *testing.M) { testkit.Main(m) }

// open makes a pool; end closes it.
func open(s *stage.Stage, source string) (db *sql.DB, end func()) {
	s.Helper()
	db, err := Open(s.Loop, source)
	s.Must(err)
	return db, func() { s.Check(asyncio.ToThreadErr(s.Ctx, db.Close)) }
}

// number asks for one.
func number(ctx context.Context, db *sql.DB) (n int, err error) {
	err = db.QueryRowContext(ctx, "select n").Scan(&n)
	return n, err
}

// TestByToThread: queries are under way, on goroutines, and the loop goes on: the server is
// one of its coroutines, and answers none before it has them all.
func TestByToThread(t *testing.T) {
	stage.Over(t, "several", func(s *stage.Stage) {
		const queries = 3
		here := 0
		all := asyncio.NewFuture[int](s.Loop)
		source, end := (&postgres{answer: func(string) (string, error) {
			if here++; here == queries {
				s.Check(all.SetResult(here))
			}
			_, err := all.Await(s.Ctx)
			return "42", err
		}}).start(s)
		defer end()
		db, closePool := open(s, source)
		defer closePool()
		query := func(ctx context.Context) (int, error) {
			return asyncio.ToThread(ctx, func() (int, error) { return number(ctx, db) })
		}
		got, err := asyncio.Gather(s.Ctx, query, query, query)
		s.Must(err)
		for _, n := range got {
			if n != 42 {
				s.Errorf("got %v", got)
			}
		}
	})
	stage.Over(t, "cancelled", func(s *stage.Stage) {
		asked, told := asyncio.NewFuture[int](s.Loop), asyncio.NewFuture[int](s.Loop)
		source, end := (&postgres{
			answer: func(string) (string, error) {
				s.Check(asked.SetResult(1))
				_, err := told.Await(s.Ctx)
				return "", errors.Join(errors.New("canceling statement"), err)
			},
			cancelled: func() { s.Check(told.SetResult(1)) },
		}).start(s)
		defer end()
		db, closePool := open(s, source)
		defer closePool()
		var ended atomic.Bool
		task := asyncio.CreateTaskErr(s.Loop, func(ctx context.Context) error {
			return asyncio.ToThreadErr(ctx, func() error {
				defer ended.Store(true)
				_, err := number(ctx, db)
				if err == nil {
					t.Error("the query was not cancelled")
				}
				return err
			})
		})
		_, err := asked.Await(s.Ctx)
		s.Must(err)
		task.Cancel() // its context is done: the driver tells the server
		if _, err := task.Await(s.Ctx); !errors.Is(err, asyncio.ErrCancelled) {
			s.Errorf("the task ended by %v", err)
		}
		_, err = told.Await(s.Ctx)
		s.Must(err)
		s.Until("the query has ended, too", ended.Load)
	})
}

// TestWhatHoldsTheLoop: in a coroutine, a pool that is full waits on a channel.
func TestWhatHoldsTheLoop(t *testing.T) {
	stage.Over(t, "a full pool", func(s *stage.Stage) {
		source, end := (&postgres{}).start(s)
		defer end()
		db, closePool := open(s, source)
		defer closePool()
		db.SetMaxOpenConns(1)
		// Not the task's context: only this call, and no cancellation, is looked at.
		held, err := asyncio.ToThread(s.Ctx, func() (*sql.Conn, error) { return db.Conn(context.Background()) })
		s.Must(err)
		var second *sql.Conn
		s.Holds(func() {
			second, err = db.Conn(context.Background())
			s.Must(err)
		}, func() { s.Check(held.Close()) }, "database/sql", "ToThread")
		s.Check(asyncio.ToThreadErr(s.Ctx, second.Close))
	})
}
