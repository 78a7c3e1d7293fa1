package asyncio

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine/completion"
)

// loopVariable is the environment variable that NewDefaultEventLoop looks at.
const loopVariable = "ASYNCIO_LOOP"

// Backend says what a loop runs on, and why.
type Backend struct {
	Kind   string // "selector" or "proactor"
	Name   string // of the mechanism: "epoll", "io_uring", "IOCP" ...
	Detail string // what of it is in use, if there is more to say
	Why    string // who chose it
}

// String is the backend in one line.
func (b Backend) String() string {
	detail := b.Name
	if b.Detail != "" {
		detail = b.Detail
	}
	return fmt.Sprintf("%s over %s (%s)", b.Kind, detail, b.Why)
}

const (
	chosenByProgram = "given by the program"
	bestSelector    = "the best selector of this machine"
	bestProactor    = "the best proactor of this machine"
)

// LoopBackend says what the loop, or the one of this package that it embeds, runs
// on, and why. A loop that embeds none is errors.ErrUnsupported. Any goroutine may
// call it.
func LoopBackend(loop EventLoop) (Backend, error) {
	var l *baseLoop
	if loop != nil {
		l = loop.base()
	}
	if l == nil {
		return Backend{}, opError("loop backend", fmt.Errorf("%w: the loop embeds none of this package's", errors.ErrUnsupported))
	}
	b := Backend{Kind: loopSelector, Name: l.eng.Name(), Why: l.why}
	if e, ok := l.eng.(*completion.Engine); ok {
		b.Kind, b.Detail = loopProactor, e.Detail()
	}
	return b, nil
}

// The kinds of loops.
const (
	loopSelector = "selector"
	loopProactor = "proactor"
)

// newDefaultLoop makes the loop that the environment asks for, or the platform's
// default.
func newDefaultLoop() (EventLoop, error) {
	kind, why := os.Getenv(loopVariable), loopVariable+" asks for it"
	if kind == "" {
		kind, why = defaultLoop, "the default of this platform"
	}
	l, err := newLoopOf(kind)
	if err != nil {
		return nil, err
	}
	l.base().why = l.base().why + ": " + why
	return l, nil
}

func newLoopOf(kind string) (EventLoop, error) {
	switch kind {
	case loopSelector:
		l, err := NewSelectorEventLoop(nil)
		if err != nil {
			return nil, err
		}
		return l, nil
	case loopProactor:
		l, err := NewProactorEventLoop(nil)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
	return nil, invalid("NewEventLoop", "%s is %q; it may be selector or proactor", loopVariable, kind)
}
