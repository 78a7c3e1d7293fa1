package simulation

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// life is what a host is between a start and the end of its main function, or a crash.
type life struct {
	host   *Host
	main   func(ctx context.Context) error
	engine *simulated.Engine
	loop   *asyncio.SimulatedEventLoop
	seat   *seat
	work   []*seat // functions in its executor that are not over

	// With the driver's lock held.
	gone bool // the goroutine is at its end
	err  error
	why  error // it was killed, and therefore
}

// newLife makes a loop on the host.
func (h *Host) newLife(main func(ctx context.Context) error) (*life, error) {
	engine, err := h.machine.NewEngine()
	if err != nil {
		return nil, err
	}
	l := &life{host: h, main: main, engine: engine}
	opts := append([]asyncio.LoopOption{
		asyncio.WithDebug(false), asyncio.WithResolver(&h.world.names), asyncio.WithLogger(slog.New(&hostLog{life: l})),
	}, h.options...)
	loop, err := asyncio.NewSimulatedEventLoop(l.engine, opts...)
	if err != nil {
		return nil, err
	}
	if err := loop.SetDefaultExecutor(&executor{l}); err != nil {
		return nil, errors.Join(err, loop.Close())
	}
	l.loop = loop
	l.seat = h.world.driver.newSeat(h, l.engine, "turn", h.world.driver.now)
	hostsByLoop.Store(asyncio.EventLoop(loop), h)
	return l, nil
}

// run is the life's goroutine.
func (l *life) run() {
	l.seat.begin()
	var err error
	if l.seat.killed.Load() {
		err = l.loop.Close()
	} else {
		err = l.live()
	}
	hostsByLoop.Delete(asyncio.EventLoop(l.loop))
	d := l.seat.driver
	d.mu.Lock()
	if l.err = err; l.why != nil {
		l.err = l.why
	}
	l.gone = true
	d.mu.Unlock()
	l.seat.end()
}

// live runs the main function as asyncio.Run would.
func (l *life) live() error {
	ctx := context.WithValue(context.Background(), hostKey{}, l.host)
	r := asyncio.NewRunner(asyncio.WithSignals(false), asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return l.loop, nil }))
	_, err := asyncio.RunOn(ctx, r, func(ctx context.Context) (struct{}, error) { return struct{}{}, l.main(ctx) })
	if l.seat.killed.Load() {
		_ = l.loop.Close() // so that the runner has nothing to wait for; the crash is the error
	}
	return errors.Join(err, r.Close())
}

// kill ends the life, when it next comes to wait.
func (l *life) kill(why error) {
	d := l.seat.driver
	d.mu.Lock()
	defer d.mu.Unlock()
	l.why = why
	for _, s := range append(l.work, l.seat) {
		s.killed.Store(true)
		s.called = false // it may be held up
		d.noticeSeat(s)
	}
}

// isOver reports whether the main function is over, and what it has given to its executor.
func (l *life) isOver() bool {
	d := l.seat.driver
	d.mu.Lock()
	defer d.mu.Unlock()
	return l.gone && (len(l.work) == 0 || l.why != nil)
}

// outcome is the error of the main function, nil if it is not over.
func (l *life) outcome() error {
	d := l.seat.driver
	d.mu.Lock()
	defer d.mu.Unlock()
	if !l.gone && l.why == nil {
		return nil
	}
	if l.why != nil {
		return l.why
	}
	return l.err
}

// now is the network's time.
func (l *life) now() time.Duration { return l.seat.driver.world.network.Now() }
