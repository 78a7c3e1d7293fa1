package simulation

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
)

// Test has f make a world and have time pass in it, in a bubble of testing/synctest, so that
// package time's clock is the world's: time.Sleep, context.WithTimeout and tickers are in
// virtual time, too. The seed is that of the flag -simulation.seed, else of WithSeed, else 1.
// When f returns, hosts that still run are ended as by a crash. A failure tells the seed and
// the command that repeats it.
//
// In a test that is not parallel, nor part of one that is, crypto/rand draws from the seed,
// too, so that TLS is the same each time; see testing/cryptotest. WithSeed's and the flag's
// seeds are used as they are.
func Test(t *testing.T, f func(w *World), opts ...Option) {
	t.Helper()
	test(t, callerPackage(), f, opts)
}

// test is Test for a test of the package of an import path.
func test(t *testing.T, pkg string, f func(w *World), opts []Option) {
	t.Helper()
	c := configOf(opts)
	seed := c.seedOf(t)
	again := againCommand(t.Name(), pkg, seed, c.mode, c.faults)
	seedCrypto(t, seed)
	defer leftBlocked(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed, t, true, opts)
		if flags.html != "" {
			w.keepTrace()
		}
		defer func() {
			w.end()
			if t.Failed() {
				t.Logf("simulation: the seed is %d; to repeat it:\n\t%s", seed, again)
			}
			w.endTrace(t, again)
		}()
		f(w)
	})
}

// leftBlocked has the test fail, and not the whole program end, where package synctest panics
// because goroutines of a world wait for ever: the world has told of them, and nothing can end
// them. It is deferred.
func leftBlocked(t *testing.T) {
	t.Helper()
	r := recover()
	if r == nil {
		return
	}
	text := fmt.Sprint(r)
	if !strings.HasPrefix(text, "deadlock: ") {
		panic(r)
	}
	t.Fatalf("simulation: %s; these stay until the program ends", text)
}

// seedCrypto has crypto/rand draw from the seed, where that can be.
func seedCrypto(t *testing.T, seed uint64) {
	defer func() { _ = recover() }() // a parallel test may not
	cryptotest.SetGlobalRandom(t, seed)
}

// againCommand is the command that repeats a test.
func againCommand(test, pkg string, seed uint64, mode, faults string) string {
	command := fmt.Sprintf("go test %s -run '%s' -simulation.seed=%d", pkg, exactly(test), seed)
	if mode != "" {
		command += " -simulation.mode=" + mode
	}
	if faults != "" {
		command += " -simulation.faults=" + faults
	}
	for _, own := range ownFlags() {
		if strings.ContainsAny(own, " \t'\"$") {
			own = "'" + strings.ReplaceAll(own, "'", `'\''`) + "'"
		}
		command += " " + own
	}
	return command
}

// callerPackage is the import path of the package that calls the caller.
func callerPackage() string {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	f, _ := runtime.CallersFrames(pcs[:]).Next()
	slash := strings.LastIndex(f.Function, "/")
	if dot := strings.Index(f.Function[slash+1:], "."); dot >= 0 {
		return strings.TrimSuffix(f.Function[:slash+1+dot], "_test")
	}
	return "."
}

// Run is Test for a program that is no test: f is called on a goroutine of its own, outside
// any bubble, so that time is the network's alone: asyncio.Sleep and timers of loops are in
// virtual time, but package time is real and must not be used. The error has all that f has
// reported by Errorf and the like, and what it has panicked with.
func Run(seed uint64, f func(w *World), opts ...Option) error {
	done := make(chan error)
	go func() {
		w := newWorld(seed, nil, false, opts)
		var panicked error
		defer func() { done <- errors.Join(w.verdict(), panicked) }()
		defer w.end()
		defer func() {
			if r := recover(); r != nil {
				panicked = fmt.Errorf("simulation: panic: %v\n%s", r, debug.Stack())
			}
		}()
		f(w)
	}()
	return <-done
}

// verdict is the error of a world that has failed.
func (w *World) verdict() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.failed:
		return nil
	case len(w.errs) == 0:
		return fmt.Errorf("simulation: it has failed; the seed is %d", w.seed)
	}
	return fmt.Errorf("simulation: with seed %d: %w", w.seed, errors.Join(w.errs...))
}

// end ends the hosts that still run, and has everything be gone that is the world's.
func (w *World) end() {
	d := w.driver
	w.say(theEnd, "")
	for _, h := range w.hosts {
		if l := h.life; l != nil && !l.isOver() {
			w.network.Change(h.machine.Crash)
			l.kill(ErrCrashed)
		}
		h.paused = false
	}
	if d.hung() {
		// Nobody can end that.
	} else if err := d.wind(); err != nil {
		w.Errorf("%v", err)
	}
	if err := w.failure(); err != nil && err != errFailNow && !w.told {
		w.Errorf("%v", err)
	}
	w.cleanUp()
}

// wind has what was killed come to its end.
func (d *driver) wind() error {
	d.world.ending = true
	for {
		d.take()
		switch s := d.pick(); {
		case s != nil:
			d.letGo(s)
		case !d.left():
			return nil
		case !d.bubble:
			return fmt.Errorf("simulation: hosts do not end")
		default:
			before := d.now
			if d.advance(d.now + defaultLimit); d.now < before+defaultLimit || d.hasNews() {
				continue
			}
			err := errors.New("simulation: hosts do not end: something blocks them for ever")
			if d.world.Failed() {
				return err // and where was said, as a rule
			}
			return d.world.unfinished(err)
		}
	}
}

// left reports whether somebody has not come to his end.
func (d *driver) left() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.loops > 0 || len(d.workers) > 0 || len(d.blocked) > 0
}
