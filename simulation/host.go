package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// ErrCrashed is the error of a host's main function that a crash has ended, or the end of the
// world.
var ErrCrashed = errors.New("simulation: the host has crashed")

// Host is a machine of a world: a name, addresses, a clock, and one event loop while a main
// function runs.
type Host struct {
	world   *World
	name    string
	number  int
	machine *simulated.Host
	rand    *rand.Rand
	skew    time.Duration
	options []asyncio.LoopOption
	main    func(ctx context.Context) error // what Restart starts
	life    *life                           // the last one; nil before the first
	paused  bool
	pauses  int   // how many pauses there were
	disk    *Disk // nil until it is asked for
}

// Name is the host's name, by which others find it.
func (h *Host) Name() string { return h.name }

// Addrs are the host's addresses.
func (h *Host) Addrs() []netip.Addr { return append([]netip.Addr(nil), h.machine.Addrs()...) }

// Addr is the first of the host's addresses, of IPv4 unless WithAddrs has said otherwise.
func (h *Host) Addr() netip.Addr { return h.machine.Addrs()[0] }

// World is the world that it is a host of.
func (h *Host) World() *World { return h.world }

// String describes the host.
func (h *Host) String() string { return fmt.Sprintf("<Host %s %v>", h.name, h.machine.Addrs()) }

// Rand draws from the seed, for the host's program.
func (h *Host) Rand() *rand.Rand { return h.rand }

// Start starts main on an event loop of the host's, by the rules of [asyncio.Run]: when it is
// over, the tasks that are left are cancelled and waited for, and the loop is closed. It runs
// when the world goes on. The context has no end of its own; [HostOf] finds the host in it. A
// host whose main function runs is refused, by ending the world's function as Fatalf does.
func (h *Host) Start(main func(ctx context.Context) error) {
	h.world.mark.Helper()
	switch {
	case main == nil:
		h.world.Fatalf("simulation: Start on host %q: the function is nil", h.name)
	case h.Running():
		h.world.Fatalf("simulation: Start on host %q: its main function runs; one that is to run beside it is for asyncio.Go, or for another host", h.name)
	}
	h.world.do(func() { h.start(main) })
}

// start begins a life of the host's.
func (h *Host) start(main func(ctx context.Context) error) {
	if h.Running() && !h.life.seat.killed.Load() {
		h.world.breakDown(fmt.Errorf("simulation: Start on host %q, twice in one pass", h.name))
		return
	}
	h.main = main
	l, err := h.newLife(main)
	if err != nil {
		h.world.breakDown(fmt.Errorf("simulation: Start on host %q: %w", h.name, err))
		return
	}
	h.life = l
	h.world.note(h, "start", "")
	go l.run()
}

// Running reports whether a main function runs, or what it has left is being ended.
func (h *Host) Running() bool { return h.life != nil && !h.life.isOver() }

// Done reports whether the last main function is over.
func (h *Host) Done() bool { return h.life != nil && h.life.isOver() }

// Err is the error of the last main function: nil while it runs, ErrCrashed if the host has
// crashed.
func (h *Host) Err() error {
	if h.life == nil {
		return nil
	}
	return h.life.outcome()
}

// Loop is the host's event loop: that of the last main function, nil before the first.
func (h *Host) Loop() asyncio.EventLoop {
	if h.life == nil {
		return nil
	}
	return h.life.loop
}

// Now is what the host's clock on the wall shows: the world's time, if nobody has put it
// wrong. The host's program calls it in the place of time.Now.
func (h *Host) Now() time.Time {
	var shows time.Duration
	h.world.network.Change(func() { shows = h.machine.Clock() })
	return h.world.start.Add(shows + h.skew)
}

// SetSkew puts the host's clock on the wall wrong by that much, at once and as it may happen
// to any clock: it may go back. Event loops do not see it.
func (h *Host) SetSkew(d time.Duration) {
	h.world.do(func() {
		h.skew = d
		h.world.note(h, "skew", d.String())
	})
}

// SetDrift has both clocks of the host, that on the wall and that of its loop, run faster by
// that share of time from now on; slower if it is negative. It must be above -1.
func (h *Host) SetDrift(share float64) {
	if share <= -1 {
		h.world.Fatalf("simulation: SetDrift(%v) on host %q would stop its clock, or have it run back; give a share above -1", share, h.name)
	}
	h.world.do(func() {
		h.world.network.Change(func() { h.machine.SetDrift(share) })
		if l := h.life; l != nil {
			h.world.driver.notice(l.engine)
		}
		h.world.note(h, "drift", fmt.Sprint(share))
	})
}

// Crash ends the host at once, as if it had lost its power: nothing that it has sent and that
// has not left is sent any more, its connections are gone without a word, and others find out
// as they would over TCP. Its coroutines are unwound, by which deferred functions run, in
// vain as far as the network is concerned. Restart starts it again.
func (h *Host) Crash() { h.world.do(h.crash) }

func (h *Host) crash() {
	l := h.life
	if l == nil || l.isOver() || l.seat.killed.Load() {
		return
	}
	h.world.network.Change(h.machine.Crash)
	if h.disk != nil {
		h.disk.Crash()
	}
	l.kill(ErrCrashed)
	h.resume()
}

// Restart starts the last main function once more, on a new loop, after a crash or after it
// was over; a host whose main function still runs crashes first.
func (h *Host) Restart() {
	h.world.mark.Helper()
	if h.main == nil {
		h.world.Fatalf("simulation: Restart on host %q: it was never started", h.name)
	}
	h.world.do(func() {
		h.crash()
		h.world.network.Change(h.machine.Up)
		h.start(h.main)
	})
}

// Pause has nothing of the host's go on for so much virtual time, as if its collector or its
// hypervisor had stopped it: what comes to it waits, and its timers are late. It may be
// resumed before.
func (h *Host) Pause(d time.Duration) {
	h.world.do(func() {
		h.paused = true
		h.pauses++
		this := h.pauses
		h.world.note(h, "pause", d.String())
		h.world.at(h.world.driver.now+max(d, 0), func() {
			if h.pauses == this {
				h.resume()
			}
		})
	})
}

// Resume ends a Pause.
func (h *Host) Resume() { h.world.do(h.resume) }

func (h *Host) resume() {
	if h.paused {
		h.paused = false
		h.world.note(h, "resume", "")
	}
}

// note tells the trace of something that was done to a host.
func (w *World) note(h *Host, what, text string) {
	w.recorder.told(simulated.Happening{When: w.driver.now, Host: h.name, What: what, Text: text})
}

// hostKey finds the host of a context.
type hostKey struct{}

// hostsByLoop are the hosts whose loops run, of all worlds.
var hostsByLoop sync.Map // of asyncio.EventLoop: *Host

// HostOf is the host whose program has the context, or calls; nil outside a simulation.
func HostOf(ctx context.Context) *Host {
	if ctx != nil {
		if h, ok := ctx.Value(hostKey{}).(*Host); ok {
			return h
		}
	}
	if loop, err := asyncio.GetRunningLoop(); err == nil {
		if h, ok := hostsByLoop.Load(loop); ok {
			return h.(*Host)
		}
	}
	return nil
}
