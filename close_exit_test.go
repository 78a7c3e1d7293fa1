package asyncio_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// TestCloseGoesOnAfterGoexit: however a handler or a logger takes what Close reports, all
// coroutines are unwound, all descriptors closed.
func TestCloseGoesOnAfterGoexit(t *testing.T) {
	t.Parallel()
	for name, open := range hearers {
		plainRow(t, "tasks/"+name, func(t *testing.T) {
			var heard []string
			loop := open(t, func(c asyncio.ExceptionContext) { heard = append(heard, c.Message) })
			const n = 20
			unwound := 0
			for i := range n {
				asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
					defer func() {
						unwound++
						if i%2 == 0 {
							panic(errBoom)
						}
					}()
					return 0, asyncio.Sleep(ctx, forever)
				})
			}
			loop.Stop()
			must(t, loop.RunForever())
			loop.Stop()
			must(t, loop.RunForever())
			must(t, loop.Close())
			want(t, "unwound", unwound, n)
			want(t, "tasks left", len(asyncio.AllTasks(loop)), 0)
			if name != "logger-exits" {
				want(t, "reports", len(heard), n+n/2)
			}
		})
	}
	plainRow(t, "transports", func(t *testing.T) {
		loop := newLoop(t, asyncio.WithLogger(slog.New(logThatEnds{slog.DiscardHandler})))
		var peers []*net.TCPConn
		made := 0
		runIn(t, loop, func(ctx context.Context) {
			s, err := loop.CreateServer(ctx, func() asyncio.Protocol { made++; return &leaver{} }, "tcp", "127.0.0.1:0", nil)
			must(t, err)
			for i := range 12 {
				peers = append(peers, dial(t, s))
				for made <= i {
					must(t, asyncio.Sleep(ctx, instant))
				}
			}
		})
		must(t, loop.Close())
		for _, c := range peers {
			must(t, c.SetReadDeadline(time.Now().Add(patience)))
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("a peer of the closed loop reads %v", err)
			}
			must(t, c.Close())
		}
	})
}
