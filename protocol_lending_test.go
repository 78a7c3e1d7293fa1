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
func (p *interruptedBuffered) BufferUpdated(n int)  { p.got += string(p.buf[:n]) }

// interruptedLending is one that may lend it.
type interruptedLending struct{ interrupted }

func (p *interruptedLending) LendBuffer() []byte { p.at("LendBuffer"); return p.buf[:] }
func (p *interruptedLending) BufferFilled(n int) { p.got += string(p.buf[:n]) }

// TestInterruptedWhileLending: a loop that is interrupted while a protocol is asked for memory
// has received nothing yet; what has come is there when it runs again, and no end of the stream.
func TestInterruptedWhileLending(t *testing.T) {
	t.Parallel()
	for call, protocol := range map[string]func() (asyncio.Protocol, *interrupted){
		"GetBuffer": func() (asyncio.Protocol, *interrupted) {
			p := &interruptedBuffered{interrupted{in: "GetBuffer"}}
			return p, &p.interrupted
		},
		"LendBuffer": func() (asyncio.Protocol, *interrupted) {
			p := &interruptedLending{interrupted{in: "LendBuffer"}}
			return p, &p.interrupted
		},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			which := testkit.Unpinned
			if call == "LendBuffer" {
				which = testkit.Selectors // nobody else asks
			}
			overLoops(t, which, func(t *testing.T) {
				loop := newLoop(t)
				p, state := protocol()
				here, there := connected(t)
				created := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
					_, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, "", "", &asyncio.ConnectionOptions{Conn: here})
					return err
				})
				must(t, loop.RunUntilComplete(created))
				_, err := there.Write([]byte("ping"))
				must(t, err)
				wantError(t, loop.RunForever(), asyncio.ErrInterrupted)
				want(t, "received before it is asked again", state.got, "")
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
