package simulation

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// driver has one seat go on at a time, and time when none can:
//
//	take      who has been told of something, or whose time has come, can go on
//	pick      one of these, by Chance; a host that is paused is none of them
//	let go    it runs, until it is in Pass again, or over, or blocked
//	advance   if there is none: to what comes next, the network's event or somebody's time
//
// It runs on the goroutine of the world's function, in World.Run and the like, and nothing
// else runs meanwhile. In a bubble of package synctest, package time's clock is the network's:
// the driver sleeps for as long as time is to move, and whatever else was to wake in the
// bubble wakes by itself, and has done what it does before the driver goes on.
type driver struct {
	world  *World
	bubble bool
	began  time.Time // package time's, when the network's time began
	home   int64     // the goroutine of the world's function

	now       time.Duration // the network's time
	ready     []*seat       // can go on, by number
	free      []int         // of these, the places of those that may
	hosts     []int         // and the numbers of their hosts
	times     seatTimes
	seats     int // how many were made
	passes    uint64
	driving   bool    // World.Run or the like is under way
	still     uint64  // passes at this moment,
	mostStill uint64  // and how many there may be
	blocked   []*seat // by what only package time, or another goroutine, can end

	hang   hang
	handed chan struct{} // outside a bubble: who was let go is back
	wake   chan struct{} // in a bubble: there is something for a driver that sleeps
	timer  *time.Timer

	news    atomic.Bool // something is to be done, or noticed
	mu      sync.Mutex
	loops   int             // seats of engines that are not over
	noticed []*seat         // for which there is something
	spare   []*seat         // their memory, when it is needed again
	todo    []func()        // between two turns
	asleep  bool            // the driver, in a bubble
	turn    *seat           // who was let go, in a bubble
	awoken  *seat           // who has gone on by itself while the driver slept
	workers map[int64]*seat // goroutines of functions in executors
	known   map[int64]bool  // goroutines of the simulation's that are no loop's
}

// usualStill is how many passes may be made at one moment.
const usualStill = 1_000_000

func newDriver(w *World, bubble bool) *driver {
	d := &driver{
		world: w, bubble: bubble, mostStill: usualStill, home: goroutine.ID(),
		handed: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		known: map[int64]bool{}, workers: map[int64]*seat{},
	}
	if bubble {
		if ahead := time.Until(w.start); ahead > 0 {
			time.Sleep(ahead)
		}
		d.began = time.Now()
		d.timer = time.NewTimer(time.Hour)
		d.timer.Stop()
	} else {
		d.hang.patience = usualPatience
	}
	return d
}

// Pass implements simulated.Driver.
func (d *driver) Pass(e *simulated.Engine, until time.Duration) {
	s := e.Seat.(*seat)
	s.wait(until)
	if s.killed.Load() {
		panic(errKilled)
	}
}

// Ready implements simulated.Driver.
func (d *driver) Ready(e *simulated.Engine) { d.notice(e) }

// Woken implements simulated.Driver.
func (d *driver) Woken(e *simulated.Engine) { d.notice(e) }

func (d *driver) notice(e *simulated.Engine) {
	s := e.Seat.(*seat)
	d.mu.Lock()
	d.noticeSeat(s)
	d.mu.Unlock()
}

// noticeSeat notes that a seat can go on once it waits. With the lock held.
func (d *driver) noticeSeat(s *seat) {
	if s.state != waiting || s.called {
		return // it is asked when it comes to wait
	}
	s.called = true
	if !s.noticed {
		s.noticed = true
		d.noticed = append(d.noticed, s)
		d.news.Store(true)
	}
	d.rouse()
}

// rouse wakes a driver that sleeps. With the lock held.
func (d *driver) rouse() {
	if d.asleep {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
}

// later has f called between two turns.
func (d *driver) later(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.todo = append(d.todo, f)
	d.news.Store(true)
	d.rouse()
}

// take finds out who can go on.
func (d *driver) take() {
	for d.news.Load() {
		d.mu.Lock()
		d.news.Store(false)
		todo, noticed := d.todo, d.noticed
		d.todo, d.noticed = nil, d.spare
		if len(noticed) > 1 { // who was first may be the doing of package time's goroutines
			slices.SortFunc(noticed, bySeatNumber)
		}
		for _, s := range noticed {
			s.noticed = false
			d.place(s)
		}
		clear(noticed)
		d.spare = noticed[:0]
		d.mu.Unlock()
		for _, f := range todo {
			f()
		}
	}
	for d.times.next() <= d.now {
		d.enter(d.times.pop())
	}
}

// place gives a seat that waits its place, among those that can go on or those whose time
// comes. With the lock held.
func (d *driver) place(s *seat) {
	switch {
	case s.state != waiting || s.ready:
	case s.heldUp && s.until > d.now && !s.killed.Load():
	case s.called || s.until <= d.now:
		d.times.remove(s)
		d.enter(s)
	case s.until < simulated.Never:
		d.times.set(s)
	}
}

// enter has a seat be one of those that can go on, unless its host is held up before.
func (d *driver) enter(s *seat) {
	if !s.heldUp && !s.killed.Load() {
		if wait := d.world.chance.delay(); wait > 0 {
			s.heldUp, s.until = true, d.now+wait
			d.times.set(s)
			return
		}
	}
	s.heldUp = false
	i, _ := slices.BinarySearchFunc(d.ready, s, bySeatNumber)
	d.ready = slices.Insert(d.ready, i, s)
	s.ready = true
}

// pick draws who goes on, nil if nobody can.
func (d *driver) pick() *seat {
	d.free, d.hosts = d.free[:0], d.hosts[:0]
	for i, s := range d.ready {
		if !s.held() {
			d.free, d.hosts = append(d.free, i), append(d.hosts, s.host.number)
		}
	}
	n := 0
	switch len(d.free) {
	case 0:
		return nil
	case 1:
	default:
		n = d.world.chance.turn(d.hosts)
	}
	i := d.free[n]
	s := d.ready[i]
	d.ready = slices.Delete(d.ready, i, i+1)
	s.ready = false
	return s
}

// time is the network's time as the driver knows it.
func (d *driver) time() time.Duration { return d.now }

// letGo has a seat go on until it waits again, or is over, or, in a bubble, blocked.
func (d *driver) letGo(s *seat) {
	d.passes++
	d.still++
	d.world.recorder.told(simulated.Happening{When: d.now, Host: s.host.name, What: s.what, ID: d.passes})
	d.mu.Lock()
	s.state, s.called, d.turn = going, false, s
	d.hang.turns++
	d.mu.Unlock()
	s.resume <- struct{}{}
	if d.bubble {
		synctest.Wait()
	} else {
		<-d.handed
	}
	pending := s.pending()
	d.mu.Lock()
	d.turn = nil
	if s.state == going {
		s.state = blocked
		d.blocked = append(d.blocked, s)
	} else {
		s.called = s.called || pending
		d.place(s)
	}
	d.mu.Unlock()
	if len(d.blocked) > 0 {
		d.settleBlocked()
	}
}

// settleBlocked gives those a place that were blocked and wait now.
func (d *driver) settleBlocked() {
	d.mu.Lock()
	var back []*seat
	d.blocked = slices.DeleteFunc(d.blocked, func(s *seat) bool {
		if s.state != blocked {
			back = append(back, s)
		}
		return s.state != blocked
	})
	d.mu.Unlock()
	for _, s := range back {
		pending := s.pending()
		d.mu.Lock()
		s.called = s.called || pending
		d.place(s)
		d.mu.Unlock()
	}
}

// awoke notes that a seat has gone on that was blocked, without having been let go: by itself, for
// then nothing else may. With the lock held.
func (d *driver) awoke(s *seat) {
	other := d.turn
	if other == nil {
		other = d.awoken
	}
	d.awoken = s
	if other == nil || other == s || d.world.config.foreign || d.world.ending || s.killed.Load() || other.killed.Load() {
		return
	}
	if other.number > s.number {
		other, s = s, other
	}
	d.world.breakDown(fmt.Errorf("simulation: the hosts %s and %s have gone on at one moment, %v, because what blocked one of them in its own code, time.Sleep or a channel, was over: "+
		"what each did first is not drawn from the seed; use asyncio.Sleep and futures, or allow it by WithForeignGoroutines", other.host.name, s.host.name, time.Since(d.began)))
}

// next is when something happens by itself; Never if there is nothing to come.
func (d *driver) next() time.Duration { return min(d.world.network.Next(), d.times.next()) }

// advance moves time on to when, or, in a bubble, until something else happens.
func (d *driver) advance(when time.Duration) {
	if d.bubble {
		when = d.sleep(when)
	}
	if when > d.now {
		d.still = 0
	}
	d.world.network.Advance(when)
	d.now = when
}

// sleep has package time's clock move on, and returns how far it has.
func (d *driver) sleep(when time.Duration) time.Duration {
	passed := func() time.Duration { return time.Since(d.began) }
	if when > passed() {
		d.mu.Lock()
		d.asleep, d.awoken = true, nil
		d.mu.Unlock()
		d.world.network.Follow(passed)
		d.timer.Reset(when - passed())
		select {
		case <-d.timer.C:
		case <-d.wake:
			d.timer.Stop()
		}
		d.mu.Lock()
		d.asleep = false
		select {
		case <-d.wake:
		default:
		}
		d.mu.Unlock()
		synctest.Wait()
		d.world.network.Follow(nil)
		if len(d.blocked) > 0 {
			d.settleBlocked()
		}
	}
	return min(when, passed())
}
