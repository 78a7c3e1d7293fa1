package simulation

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// RunFor has the world go on for so much virtual time. What is due at its end has happened
// when it returns.
func (w *World) RunFor(d time.Duration) {
	w.mark.Helper()
	w.mustDrive("RunFor")
	limit := w.driver.now + max(d, 0)
	w.stopIf(w.driver.drive(limit, false, func() bool { return false }))
}

// RunUntil has the world go on until cond returns true, which is asked between any two passes.
// The error says that it has not within the limit of virtual time, see [WithLimit], or that
// nothing is to come that could make it true, with the tasks of all hosts.
func (w *World) RunUntil(cond func() bool) error {
	w.mark.Helper()
	w.mustDrive("RunUntil")
	err := w.driver.drive(w.driver.now+w.config.limit, true, cond)
	if w.broken() {
		w.stopIf(err)
	}
	return err
}

// Run has the world go on until the main functions of all hosts are over, and returns their
// errors, each with its host's name; that of a host that has crashed is none. The error may
// also be that of RunUntil.
func (w *World) Run() error {
	w.mark.Helper()
	if err := w.RunUntil(w.idle); err != nil {
		return err
	}
	var errs []error
	for _, h := range w.hosts {
		if err := h.Err(); err != nil && !errors.Is(err, ErrCrashed) {
			errs = append(errs, fmt.Errorf("host %s: %w", h.name, err))
		}
	}
	return errors.Join(errs...)
}

// Step has one host make one pass, or time move on to what comes next, and reports false if
// there is nothing to come.
func (w *World) Step() bool {
	w.mark.Helper()
	w.mustDrive("Step")
	stepped, err := w.driver.step(simulated.Never - 1)
	w.stopIf(err)
	return stepped
}

// idle reports whether no main function runs.
func (w *World) idle() bool {
	for _, h := range w.hosts {
		if h.Running() {
			return false
		}
	}
	return true
}

// mustDrive ends the caller if it is not the world's function.
func (w *World) mustDrive(op string) {
	w.mark.Helper()
	if goroutine.ID() != w.driver.home {
		panic(fmt.Sprintf("simulation: %s is called by what runs on a host, or by another goroutine; only the world's function has time pass", op))
	}
	if w.driver.driving {
		panic(fmt.Sprintf("simulation: %s is called by a condition of World.RunUntil's, which may only look", op))
	}
}

// drive has the world go on until over reports true, or until a time, which is an error if it
// must be over by then.
func (d *driver) drive(limit time.Duration, must bool, over func() bool) error {
	defer d.begin()()
	for {
		d.take()
		if over() {
			return nil
		}
		if err := d.world.failure(); err != nil {
			return err
		}
		if s := d.pick(); s != nil {
			d.letGo(s)
			if err := d.tooMany(); err != nil {
				return err
			}
			continue
		}
		next := d.next()
		switch {
		case next <= limit:
			d.advance(next)
		case must && next == simulated.Never && !d.bubble:
			return d.stuck(d.now)
		default:
			was := d.now
			// In a bubble something may be to come that only package time knows of.
			if d.advance(limit); d.now < limit || d.hasNews() {
				continue
			}
			switch {
			case !must:
				return nil
			case d.next() == simulated.Never:
				return d.stuck(was)
			}
			return d.world.unfinished(fmt.Errorf("simulation: it goes on after %v of virtual time: see WithLimit", d.now))
		}
	}
}

// hasNews reports whether somebody can go on.
func (d *driver) hasNews() bool {
	d.take()
	for _, s := range d.ready {
		if !s.held() {
			return true
		}
	}
	return false
}

// step is one turn, or one movement of time.
func (d *driver) step(limit time.Duration) (bool, error) {
	defer d.begin()()
	d.take()
	if s := d.pick(); s != nil {
		d.letGo(s)
		d.take()
		return true, d.tooMany()
	}
	next := d.next()
	if next > limit {
		return false, nil
	}
	d.advance(next)
	d.take()
	return true, d.world.failure()
}

// tooMany is the error of passes without end.
func (d *driver) tooMany() error {
	switch c := d.world.config; {
	case c.passes > 0 && d.passes >= c.passes:
		return d.world.unfinished(fmt.Errorf("simulation: it goes on after %d passes: see WithPasses", d.passes))
	case d.still >= d.mostStill:
		return d.world.unfinished(fmt.Errorf("simulation: %d passes were made at one moment, %v: something is always ready, and time never passes", d.still, d.now))
	}
	return nil
}

// stuck is the error of a world in which nothing is to come.
func (d *driver) stuck(since time.Duration) error {
	return d.world.unfinished(fmt.Errorf("simulation: nothing is to come after %v, and everything waits", since))
}
