package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// interrupted is a protocol of which one call stops the loop, once, as Ctrl-C in it would.
type interrupted struct {
	asyncio.BaseProtocol
	in  string
	buf [2]byte
	got string
	eof bool
}

func (p *interrupted) at(call string) {
	if p.in == call {
		p.in = ""
		panic(asyncio.ErrInterrupted)
	}
}

func (p *interrupted) DataReceived(data []byte) { p.got += string(data) }
func (p *interrupted) EOFReceived() bool        { p.eof = true; return false }

// interruptedBuffered is one that lends its memory.
type interruptedBuffered struct{ interrupted }

func (p *interruptedBuffered) GetBuffer(int) []byte { p.at("GetBuffer"); return p.buf[:] }
func (p *interruptedBuffered) BufferUpdated(n int) {
	p.got += string(p.buf[:n])
	p.at("BufferUpdated")
}

// interruptedLending is one that may lend it.
type interruptedLending struct{ interrupted }

func (p *interruptedLending) LendBuffer() []byte { p.at("LendBuffer"); return p.buf[:] }
func (p *interruptedLending) BufferFilled(n int) {
	p.got += string(p.buf[:n])
	p.at("BufferFilled")
}

// TestInterruptedWhileLending: a loop that is interrupted while a protocol is asked for memory
// has received nothing yet, and one that is interrupted while it is told of a piece tells of no
// other one; what has come is there when it runs again, and no end of the stream.
func TestInterruptedWhileLending(t *testing.T) {
	t.Parallel()
	buffered := func(in string) (asyncio.Protocol, *interrupted) {
		p := &interruptedBuffered{interrupted{in: in}}
		return p, &p.interrupted
	}
	lending := func(in string) (asyncio.Protocol, *interrupted) {
		p := &interruptedLending{interrupted{in: in}}
		return p, &p.interrupted
	}
	for call, row := range map[string]struct {
		protocol func(in string) (asyncio.Protocol, *interrupted)
		got      string // until the interrupt
	}{
		"GetBuffer": {buffered, ""}, "BufferUpdated": {buffered, "pi"},
		"LendBuffer": {lending, ""}, "BufferFilled": {lending, "pi"},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			which := testkit.Unpinned
			if call == "LendBuffer" || call == "BufferFilled" {
				which = testkit.Selectors // nobody else asks
			}
			overLoops(t, which, func(t *testing.T) {
				loop := newLoop(t)
				p, state := row.protocol(call)
				here, there := connected(t)
				created := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
					_, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, "", "", &asyncio.ConnectionOptions{Conn: here})
					return err
				})
				must(t, loop.RunUntilComplete(created))
				_, err := there.Write([]byte("ping"))
				must(t, err)
				wantError(t, loop.RunForever(), asyncio.ErrInterrupted)
				want(t, "received before it runs again", state.got, row.got)
				must(t, loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
					for len(state.got) < 4 && !state.eof {
						if err := asyncio.Sleep(ctx, instant); err != nil {
							return err
						}
					}
					return nil
				})))
				want(t, "received", state.got, "ping")
				want(t, "the end was told", state.eof, false)
				runIn(t, loop, func(ctx context.Context) {
					asyncio.Transports(loop)[0].Abort()
					must(t, asyncio.Sleep(ctx, instant))
				})
			})
		})
	}
}
