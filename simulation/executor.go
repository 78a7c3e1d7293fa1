package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// executor runs functions for a host: each on a goroutine of its own, but one at a time, as
// everything, when as much virtual time has passed as work on another thread may take.
type executor struct{ life *life }

// The least and the most that a function in an executor takes.
const (
	leastCost = 10 * time.Microsecond
	mostCost  = time.Millisecond
)

// Submit implements asyncio.Executor.
func (e *executor) Submit(f func()) error {
	l := e.life
	d := l.seat.driver
	if l.seat.killed.Load() || l.isOver() {
		return asyncio.ErrExecutorShutdown
	}
	cost := leastCost + time.Duration(d.world.chance.N(simulated.Cost, int64(mostCost-leastCost)+1))
	s := d.newSeat(l.host, nil, "work", l.now()+cost)
	d.mu.Lock()
	l.work = append(l.work, s)
	d.mu.Unlock()
	go l.do(s, f)
	return nil
}

// do is the goroutine of a function.
func (l *life) do(s *seat, f func()) {
	s.begin()
	d := s.driver
	d.mu.Lock()
	d.workers[goroutine.ID()] = s
	d.mu.Unlock()
	defer func() { // f may leave by Goexit
		d.mu.Lock()
		delete(d.workers, goroutine.ID())
		l.work = slices.DeleteFunc(l.work, func(w *seat) bool { return w == s })
		d.mu.Unlock()
		s.end()
	}()
	if !s.killed.Load() {
		f()
	}
}

// sleepOnWorker lets virtual time pass for a function in an executor. It reports false if its
// host has crashed meanwhile, or the caller is no such function.
func (w *World) sleepOnWorker(ctx context.Context, d time.Duration) error {
	w.driver.mu.Lock()
	s := w.driver.workers[goroutine.ID()]
	w.driver.mu.Unlock()
	if s == nil {
		return ctx.Err()
	}
	s.wait(w.network.Now() + d)
	if s.killed.Load() {
		return ErrCrashed
	}
	return ctx.Err()
}
