// Package signals is how the signals of the process come to those who wait for them:
// its loops, and the runners that Ctrl-C interrupts. There is one hub in the process,
// over package os/signal.
//
// # Who hears what
//
// A receiver that was added hears of each signal that Go's runtime tells of, in the order in
// which it does: the runtime merges a signal with one of the same kind that has not been
// delivered yet, as systems do. A receiver that was added by [AddFallback] hears of a signal
// only as long as nobody was added by [Add] for it: it stands for what is to happen by default.
//
// # What comes back
//
// With the last receiver of a signal goes the hub's interest in it. Then holds what held
// before: the channels that others gave to signal.Notify, which the hub never takes away;
// the system's default; or that the signal is ignored, if it was before the hub came. (Where
// somebody else has asked for an ignored signal meanwhile, that has come to nothing by
// then: os/signal cannot tell.) No signal is lost by a receiver's of another one.
//
// The hub has a goroutine as long as it has a receiver. The one of os/signal, which begins
// with the first signal that a program asks for, stays.
package signals

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// Receiver is who wants to hear of signals.
type Receiver interface {
	// Signal tells of a signal. It is called on the hub's goroutine: it must not block,
	// nor call this package.
	Signal(sig syscall.Signal)
}

var (
	// ErrNoSignal: the value is none of the system's signals.
	ErrNoSignal = errors.New("no signal of this system")
	// ErrUncatchable: the system, or Go's runtime, does with the signal what it does,
	// whatever a program asks for.
	ErrUncatchable = errors.New("the signal cannot be caught")
)

var process = &hub{system: osSignals{}}

// Add has r hear of sig. ErrNoSignal, ErrUncatchable. Any goroutine may call it, but no
// Receiver.
func Add(sig os.Signal, r Receiver) error { return process.add(sig, r, false) }

// AddFallback has r hear of sig as long as nobody was added for it by Add. Errors as of Add.
func AddFallback(sig os.Signal, r Receiver) error { return process.add(sig, r, true) }

// Remove ends Add or AddFallback and reports whether there was one. What came before, r
// has been told of when Remove returns, and nothing is told after it. With an error all is
// as before.
func Remove(sig os.Signal, r Receiver) (bool, error) { return process.remove(sig, r) }

// Ignored reports whether sig is ignored, but for those who were added here.
func Ignored(sig os.Signal) bool { return process.ignored(sig) }

// Check returns the error that Add would return for sig, nil if it can be caught.
func Check(sig os.Signal) error {
	s, err := number(sig)
	if err == nil && !catchable(s) {
		err = ErrUncatchable
	}
	return err
}

// number returns a signal as what the system calls one.
func number(sig os.Signal) (syscall.Signal, error) {
	if s, ok := sig.(syscall.Signal); ok && s > 0 && s <= last {
		return s, nil
	}
	return 0, ErrNoSignal
}

// system is what the hub asks for: package os/signal, or a test's. Its functions are
// called by one goroutine at a time.
type system interface {
	// Notify has sig come to c, beside those that do already.
	Notify(c chan<- os.Signal, sig syscall.Signal) error
	// Stop ends all of c's. When it returns nothing more comes.
	Stop(c chan<- os.Signal)
	// Ignore has sig ignored, and come to nobody.
	Ignore(sig syscall.Signal)
	// Ignored reports whether it is.
	Ignored(sig syscall.Signal) bool
}

// osSignals is package os/signal.
type osSignals struct{}

// Notify implements system. Package os/signal says nothing of signals that it cannot
// notify of.
func (osSignals) Notify(c chan<- os.Signal, sig syscall.Signal) error {
	if !catchable(sig) {
		return ErrUncatchable
	}
	signal.Notify(c, sig)
	return nil
}

func (osSignals) Stop(c chan<- os.Signal)         { signal.Stop(c) }
func (osSignals) Ignore(sig syscall.Signal)       { signal.Ignore(sig) }
func (osSignals) Ignored(sig syscall.Signal) bool { return signal.Ignored(sig) }
