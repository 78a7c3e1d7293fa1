package asynciotest

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
)

// pipeCases are about pipes, as os.Pipe makes them. Windows has no loop that can wait for
// those.
var pipeCases = []behaviour{
	{"pipe-read", func(e *env) {
		e.pipes(func(ctx context.Context, l asyncio.EventLoop, r, w *os.File) {
			p := e.connectPipe(ctx, l.ConnectReadPipe, r)
			if p == nil {
				return
			}
			for _, text := range []string{"1", "2345"} {
				_, err := w.WriteString(text)
				e.must(err)
				before := len(p.data)
				e.until(ctx, func() bool { return len(p.data) == before+len(text) })
			}
			want(e, "read", string(p.data), "12345")
			e.must(w.Close())
			e.until(ctx, func() bool { return p.lost })
			want(e, "history", p.history, "made data data eof lost")
			want(e, "reason", p.reason, nil)
		})
	}},
	{"pipe-write", func(e *env) {
		e.pipes(func(ctx context.Context, l asyncio.EventLoop, r, w *os.File) {
			p := e.connectPipe(ctx, l.ConnectWritePipe, w)
			if p == nil {
				return
			}
			for _, text := range []string{"1", "2345"} {
				_, err := p.transport.Write([]byte(text))
				e.must(err)
				got := make([]byte, len(text))
				_, err = asyncio.ToThread(ctx, func() (int, error) { return r.Read(got) })
				e.must(err)
				want(e, "what came", string(got), text)
			}
			e.must(p.transport.Close())
			e.until(ctx, func() bool { return p.lost })
			want(e, "history", p.history, "made lost")
		})
	}},
	{"pipe-reader-goes", func(e *env) {
		e.pipes(func(ctx context.Context, l asyncio.EventLoop, r, w *os.File) {
			p := e.connectPipe(ctx, l.ConnectWritePipe, w)
			if p == nil {
				return
			}
			e.must(r.Close())
			e.until(ctx, func() bool { return p.lost })
			want(e, "history", p.history, "made lost")
			want(e, "reason", p.reason, nil)
		})
	}},
}

// pipes runs f in a coroutine beside a pipe that nobody has yet. Whatever reaches the
// exception handler fails the test; a loop that has no pipes skips it.
func (e *env) pipes(f func(ctx context.Context, l asyncio.EventLoop, r, w *os.File)) {
	e.Helper()
	l := e.loop()
	e.must(l.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		e.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	r, w, err := os.Pipe()
	e.must(err)
	e.Cleanup(func() { _, _ = r.Close(), w.Close() }) // what the loop was given is closed
	e.run(l, func(ctx context.Context) error {
		return asyncio.Timeout(ctx, 60*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			f(ctx, l, r, w)
			return nil
		})
	})
	if e.lacking != nil {
		e.Skip(e.lacking) // the loop, or the system, cannot wait for such a pipe
	}
}

// pipeEnd is the protocol of a pipe.
type pipeEnd struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
	history   string
	data      []byte
	lost      bool
	reason    error
}

// connectPipe gives one end to the loop; nil if that has no pipes.
func (e *env) connectPipe(ctx context.Context,
	connect func(context.Context, func() asyncio.Protocol, *os.File) (asyncio.Transport, asyncio.Protocol, error), f *os.File,
) *pipeEnd {
	e.Helper()
	p := &pipeEnd{}
	_, _, err := connect(ctx, func() asyncio.Protocol { return p }, f)
	if errors.Is(err, errors.ErrUnsupported) {
		e.lacking = err
		return nil
	}
	e.must(err)
	want(e, "history", p.history, "made")
	return p
}

// until waits until cond holds.
func (e *env) until(ctx context.Context, cond func() bool) {
	e.Helper()
	for !cond() {
		e.must(asyncio.Sleep(ctx, time.Millisecond))
	}
}

// ConnectionMade implements asyncio.Protocol.
func (p *pipeEnd) ConnectionMade(t asyncio.Transport) { p.transport, p.history = t, "made" }

// DataReceived implements asyncio.Protocol.
func (p *pipeEnd) DataReceived(data []byte) {
	p.data = append(p.data, data...)
	p.history += " data"
}

// EOFReceived implements asyncio.Protocol.
func (p *pipeEnd) EOFReceived() bool {
	p.history += " eof"
	return false
}

// ConnectionLost implements asyncio.Protocol.
func (p *pipeEnd) ConnectionLost(err error) {
	p.history += " lost"
	p.lost, p.reason = true, err
}
