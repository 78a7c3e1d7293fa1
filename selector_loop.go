package asyncio

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/poller"
	"github.com/go-asyncio/asyncio/selectors"
)

// SelectorEventLoop is the event loop over a selector: it waits until
// descriptors are ready. Make one with NewSelectorEventLoop. Its methods are
// described at EventLoop. (asyncio.SelectorEventLoop)
type SelectorEventLoop struct {
	baseLoop
	selector selectors.Selector
}

// NewSelectorEventLoop makes a loop over s, or over the best selector that the
// machine has if s is nil. The loop owns s from now on and closes it, also if this
// fails. It needs some descriptors, those of the Go runtime's own poller included:
// what fails for want of them later is told as an error. Any goroutine may call it.
func NewSelectorEventLoop(s selectors.Selector, opts ...LoopOption) (*SelectorEventLoop, error) {
	const op = "NewSelectorEventLoop"
	err := poller.Start()
	if err != nil {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return nil, opError(op, err)
	}
	why := chosenByProgram
	if s == nil {
		why = bestSelector
		if s, err = selectors.NewDefaultSelector(); err != nil {
			return nil, opError(op, err)
		}
	}
	eng, err := readiness.New(s)
	if err != nil {
		return nil, opError(op, errors.Join(err, s.Close()))
	}
	l := &SelectorEventLoop{selector: s}
	l.init(eng, l, opts)
	l.why = why
	return l, nil
}

// Selector returns the loop's selector, for information. Its registrations are
// the loop's to change.
func (l *SelectorEventLoop) Selector() selectors.Selector { return l.selector }
