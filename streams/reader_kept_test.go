package streams

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// pieceOf is n bytes by which a test tells one connection from another.
func pieceOf(i, n int) []byte {
	p := make([]byte, n)
	for j := range p {
		p[j] = byte(i + j*7/3)
	}
	return p
}

// TestNextStays: what Next has lent is what it was until the next read, whatever comes over other
// connections; may be written to; and if there is no next read it stays beyond the end
// of the reader, of the connection and of the loop.
func TestNextStays(t *testing.T) {
	t.Parallel()
	const conns, size = 40, 40_000
	testkit.Over(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T, m testkit.Mechanism) {
		pieces := make([][]byte, conns)
		t.Run("loop", func(t *testing.T) {
			play(t, func() (asyncio.EventLoop, error) { return loops.New(m) }, func(s *stage) {
				for range 3 {
					var ends []end
					for i := range conns {
						client, server := s.plain()
						ends = append(ends, client, server)
						_, err := client.w.Write(pieceOf(i, size))
						s.must(err)
						pieces[i], err = server.r.Next(s.ctx) // the rest, if there is one, stays there
						s.must(err)
						clear(pieces[i][len(pieces[i])/2:])
					}
					other, same := s.plain()
					for range 30 {
						s.carry(other, same, pieceOf(99, size))
					}
					for i, p := range pieces {
						if k := len(p) / 2; !bytes.Equal(p[:k], pieceOf(i, k)) || !bytes.Equal(p[k:], make([]byte, len(p)-k)) {
							s.Errorf("what was lent to connection %d has changed", i)
						}
						copy(p, pieceOf(i, len(p)))
					}
					for _, e := range append(ends, other, same) {
						s.check(e.w.Close())
					}
				}
			})
		})
		runtime.GC()
		for i, p := range pieces {
			if !bytes.Equal(p, pieceOf(i, len(p))) {
				t.Fatalf("what was lent to connection %d has changed after the end", i)
			}
		}
	})
}

// carry writes data at one end and reads all of them at the other.
func (s *stage) carry(from, to end, data []byte) {
	s.Helper()
	_, err := from.w.Write(data)
	s.must(err)
	_, err = to.r.ReadExactly(s.ctx, len(data))
	s.must(err)
}

// TestNextElsewhere: a goroutine that reads by Next, while the loop brings more, reads what was sent.
func TestNextElsewhere(t *testing.T) {
	t.Parallel()
	all := pieceOf(3, 1<<20)
	eachLoop(t, func(t *testing.T, open opener) {
		play(t, open, func(s *stage) {
			s.needs("other goroutines")
			client, server := s.plain()
			var got []byte
			reading := make(chan error, 1)
			go func() {
				for {
					p, err := server.r.Next(context.Background())
					if err != nil {
						reading <- err
						return
					}
					got = append(got, p...)
				}
			}()
			for at := 0; at < len(all); at += 32 << 10 {
				_, err := client.w.Write(all[at : at+32<<10])
				s.must(err)
				s.must(client.w.Drain(s.ctx))
			}
			s.must(client.w.WriteEOF())
			err := asyncio.ToThreadErr(s.ctx, func() error { return <-reading })
			s.wantError(err, io.EOF)
			if !bytes.Equal(got, all) {
				s.Errorf("%d bytes of %d came, or others", len(got), len(all))
			}
			s.check(client.w.Close())
			s.check(server.w.Close())
		})
	})
}

// TestNextFed: what somebody feeds a reader's protocol that is not what its transport is telling of is
// copied, whatever the transport could keep.
func TestNextFed(t *testing.T) {
	t.Parallel()
	eachLoop(t, func(t *testing.T, open opener) {
		play(t, open, func(s *stage) {
			client, server := s.plain()
			fed := bytes.Repeat([]byte{1}, 20_000)
			own := server.w.Transport().GetProtocol().(*StreamReaderProtocol)
			own.DataReceived(fed)
			clear(fed)
			got, err := server.r.Next(s.ctx)
			s.must(err)
			if !bytes.Equal(got, bytes.Repeat([]byte{1}, 20_000)) {
				s.Error("what was fed is not copied")
			}
			s.part(client, server)
		})
	})
}

// TestAllocationsOfLargePieces counts what a message costs that is left where it came. It is not
// parallel: it counts the whole process.
func TestAllocationsOfLargePieces(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("pools forget under the race detector") // and make again what is counted
	}
	for _, m := range testkit.Available(t, testkit.Unpinned) {
		play(t, func() (asyncio.EventLoop, error) { return loops.New(m) }, func(s *stage) {
			client, server := s.plain()
			echoing := s.start(func(ctx context.Context) error {
				for {
					p, err := server.r.Next(ctx)
					if err != nil {
						return server.w.Close()
					}
					if _, err := server.w.Write(p); err != nil {
						return err
					}
				}
			})
			message := pieceOf(1, 16<<10)
			n := testing.AllocsPerRun(200, func() {
				_, err := client.w.Write(message)
				s.check(err)
				for n := 0; n < len(message); {
					p, err := client.r.Next(s.ctx)
					s.must(err)
					n += len(p)
				}
			})
			if n > 0 {
				s.Errorf("%s: %v allocations for a message there and back", m.Name, n)
			}
			s.check(client.w.Close())
			_, err := echoing.Await(s.ctx)
			s.check(err)
		})
	}
}

// TestKeptIsLeft: whatever a coroutine does with a piece that stays where it came, and however it
// ends, nothing of it is left when the loop is closed and the piece is forgotten.
func TestKeptIsLeft(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("it takes the collector too long there") // what is kept is raced for in TestNextElsewhere
	}
	const size = 40_000
	for how, leave := range map[string]func(ctx context.Context, r *StreamReader){
		"returns":      func(context.Context, *StreamReader) {},
		"panics":       func(context.Context, *StreamReader) { panic("on purpose") },
		"exits":        func(context.Context, *StreamReader) { runtime.Goexit() },
		"reads":        func(ctx context.Context, r *StreamReader) { _, _ = r.Next(ctx) }, // until the loop is closed
		"waits":        func(ctx context.Context, _ *StreamReader) { _ = asyncio.Sleep(ctx, time.Hour) },
		"is not there": nil,
	} {
		for passes := range 4 {
			for _, m := range testkit.Available(t, testkit.Unpinned) {
				left := new(atomic.Int32)
				t.Run(fmt.Sprintf("%s/%d/%s", how, passes, m.Name), func(t *testing.T) {
					play(t, func() (asyncio.EventLoop, error) { return loops.New(m) }, func(s *stage) {
						s.expectReports = true
						client, server := s.plain()
						if leave != nil {
							asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
								p, err := server.r.Next(ctx)
								if err != nil {
									return struct{}{}, err // the end came first
								}
								if m.Name == "uring" {
									left.Add(1)
									runtime.AddCleanup(&p[0], func(left *atomic.Int32) { left.Add(-1) }, left)
								}
								leave(ctx, server.r)
								return struct{}{}, nil
							})
						}
						_, err := client.w.Write(pieceOf(1, size))
						s.must(err)
						for range passes {
							s.must(asyncio.Sleep(s.ctx, 0))
						}
						if leave == nil || passes == 3 {
							s.until("all of it", func() bool { return left.Load() > 0 || server.r.Buffered() > 0 || m.Name != "uring" })
						}
						server.w.Transport().Abort()
						client.w.Transport().Abort()
						s.passes()
					})
				})
				for range 100 {
					if left.Load() == 0 {
						break
					}
					runtime.GC()
					runtime.Gosched()
				}
				if n := left.Load(); n != 0 {
					t.Errorf("%s, %d passes, %s: %d pieces are left", how, passes, m.Name, n)
				}
			}
		}
	}
}
