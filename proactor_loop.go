package asyncio

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/poller"
	"github.com/go-asyncio/asyncio/proactors"
)

// ProactorEventLoop is the event loop over a proactor: it waits until operations
// are done, by io_uring on Linux and by completion ports on Windows. Make one with
// NewProactorEventLoop. Its methods are described at EventLoop.
// (asyncio.ProactorEventLoop)
//
// What is written goes to the system at the end of the pass, all of it with the
// one call that also waits, unless it is much or the pass had one event only. Until
// then a transport counts it in GetWriteBufferSize.
type ProactorEventLoop struct {
	baseLoop
	proactor proactors.Proactor
}

// NewProactorEventLoop makes a loop over p, or over the system's proactor if p is
// nil. The loop owns p from now on and closes it, also if this fails. Where there is none, or
// something forbids it, that is errors.ErrUnsupported with the reason. With
// WithPinnedThread the system's proactor is one that makes use of it. Any
// goroutine may call it.
func NewProactorEventLoop(p proactors.Proactor, opts ...LoopOption) (*ProactorEventLoop, error) {
	const op = "NewProactorEventLoop"
	err := poller.Start()
	if err != nil {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
		return nil, opError(op, err)
	}
	why := chosenByProgram
	if p == nil {
		if p, err = systemProactor(opts); err != nil {
			return nil, opError(op, err)
		}
		why = bestProactor
	}
	l := &ProactorEventLoop{proactor: p}
	l.init(completion.New(p), l, opts)
	l.why = why
	if p.Pinned() && !l.core.Pinned() {
		l.core.Pin()
	}
	return l, nil
}

// Proactor returns the loop's proactor, for information. Its operations are the
// loop's.
func (l *ProactorEventLoop) Proactor() proactors.Proactor { return l.proactor }

func systemProactor(opts []LoopOption) (proactors.Proactor, error) {
	var c loopConfig
	for _, o := range opts {
		o(&c)
	}
	if c.pinned {
		p, err := proactors.NewPinnedIOUringProactor()
		if !errors.Is(err, errors.ErrUnsupported) {
			return p, err
		}
	}
	return proactors.NewDefaultProactor()
}
