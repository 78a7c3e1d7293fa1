package asyncio

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/signals"
)

// signalHandler is who is called for a signal. One that was removed has no function.
type signalHandler struct{ f func() }

// Complete calls the handler.
func (h *signalHandler) Complete(uint64) {
	if h.f != nil {
		h.f()
	}
}

func (h *signalHandler) callbackName() string { return funcName(h.f) }

// AddSignalHandler implements SignalHandling.
func (l *baseLoop) AddSignalHandler(sig os.Signal, f func()) error {
	const op = "AddSignalHandler"
	if f == nil {
		return invalid(op, "the handler is nil")
	}
	if err := signals.Check(sig); err != nil {
		return signalError(op, sig, err)
	}
	hold, err := l.acquire(op)
	if err != nil {
		return err
	}
	defer hold.Leave()
	if h, ok := l.signals.Handler(sig).(*signalHandler); ok {
		h.f = f
		return nil
	}
	if err := l.signals.Add(sig, &signalHandler{f}); err != nil {
		return signalError(op, sig, err)
	}
	return nil
}

// RemoveSignalHandler implements SignalHandling.
func (l *baseLoop) RemoveSignalHandler(sig os.Signal) (bool, error) {
	const op = "RemoveSignalHandler"
	if err := signals.Check(sig); errors.Is(err, signals.ErrNoSignal) {
		return false, signalError(op, sig, err)
	}
	hold, err := l.acquireClosed(op)
	if err != nil {
		return false, err
	}
	defer hold.Leave()
	h, ok := l.signals.Handler(sig).(*signalHandler)
	if !ok {
		return false, nil
	}
	if err := l.signals.Remove(sig); err != nil {
		return false, signalError(op, sig, err)
	}
	h.f = nil
	return true, nil
}

// signalError puts into words why a signal is refused.
func signalError(op string, sig os.Signal, err error) error {
	switch {
	case errors.Is(err, signals.ErrNoSignal):
		return invalid(op, "%v is %v; give one of package syscall's, such as os.Interrupt", sig, err)
	case errors.Is(err, signals.ErrUncatchable):
		return uncatchable(op, sig, err)
	}
	return opError(op, fmt.Errorf("signal %v: %w", sig, err))
}
