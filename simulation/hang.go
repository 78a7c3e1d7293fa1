package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// usualPatience is how long, in real time, something that was let go may wait in its own code
// outside a bubble, where nobody else can tell that it does.
const usualPatience = 10 * time.Second

// hang is the part of a driver outside a bubble that finds out that who was let go does not come
// back: it waits for another goroutine, and those of the simulation all wait for it. What only
// takes long is left alone.
type hang struct {
	patience time.Duration // 0: it does not look

	// With the driver's lock held.
	timer *time.Timer // nil while nothing goes on
	turns uint64      // how many there were
	seen  uint64      // and how many when it last looked
	found bool        // it has told the world
}

// begin is called when the driver begins to drive, and its result when it ends.
func (d *driver) begin() (end func()) {
	d.driving = true
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang.patience > 0 {
		d.hang.timer = time.AfterFunc(d.hang.patience, d.look)
	}
	return d.stop
}

// stop ends that.
func (d *driver) stop() {
	d.driving = false
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang.timer != nil {
		d.hang.timer.Stop()
		d.hang.timer = nil
	}
}

// look is what the timer does.
func (d *driver) look() {
	d.mu.Lock()
	s, same := d.turn, d.hang.turns == d.hang.seen
	d.hang.seen = d.hang.turns
	same = same && s != nil && s.state == going
	d.mu.Unlock()
	if same {
		if stack := s.stack(); waits(stack) {
			d.giveUp(s, stack)
			return
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang.timer != nil {
		d.hang.timer.Reset(d.hang.patience)
	}
}

// giveUp has the world fail, unless who was let go comes back at this moment.
func (d *driver) giveUp(s *seat, stack string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.turn != s || s.state != going {
		return
	}
	d.hang.found = true
	d.world.breakDown(fmt.Errorf("simulation: host %s is blocked in its own code, at %v of virtual time and for %v of real time, and its goroutines are left behind; "+
		"await a future, or use simulation.Test if it waits for package time:\n%s", s.host.name, d.now, d.hang.patience, indent(stack)))
	d.handed <- struct{}{} // in its place, for it will not
}

// hung reports whether somebody has not come back.
func (d *driver) hung() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hang.found
}

// stack is where the seat's code is: that of its loop, or of its function in an executor.
func (s *seat) stack() string {
	if s.engine == nil {
		return goroutine.Stack(s.goroutine)
	}
	if l := s.host.life; l != nil && l.seat == s {
		return l.loop.Holder()
	}
	return ""
}

// waits reports whether a goroutine waits for another one.
func waits(stack string) bool {
	_, state, _ := strings.Cut(stack, " [")
	for _, wait := range []string{"chan ", "select", "sync.", "semacquire", "sleep"} {
		if strings.HasPrefix(state, wait) {
			return true
		}
	}
	return false
}
