//go:build unix

package guides

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

func serveUntilTold(ctx context.Context, loop asyncio.EventLoop, server *asyncio.Server, grace time.Duration) error {
	told := asyncio.NewFuture[os.Signal](loop)
	if err := loop.AddSignalHandler(syscall.SIGTERM, func() { told.SetResult(syscall.SIGTERM) }); err != nil {
		return err
	}
	defer loop.RemoveSignalHandler(syscall.SIGTERM)
	if _, err := told.Await(ctx); err != nil {
		return err
	}
	server.Close() // no more come; those that are here go on
	err := asyncio.WaitForErr(ctx, grace, server.WaitClosed)
	if errors.Is(err, asyncio.ErrTimeout) {
		server.AbortClients()
		return server.WaitClosed(ctx)
	}
	return err
}

// TestServeUntilTold ends a server by a signal: a client that goes is waited for, one that
// stays is cut off.
func TestServeUntilTold(t *testing.T) {
	for name, stays := range map[string]bool{"a client goes": false, "a client stays": true} {
		t.Run(name, func(t *testing.T) {
			err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
				loop, err := asyncio.GetRunningLoop()
				if err != nil {
					return err
				}
				server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &shout{} }, "tcp", "127.0.0.1:0", nil)
				if err != nil {
					return err
				}
				address := server.Addrs()[0].String()
				grace := time.Hour
				if stays {
					grace = time.Millisecond
				}
				ended := asyncio.GoErr(ctx, func(ctx context.Context) error {
					return serveUntilTold(ctx, loop, server, grace)
				})
				if err := heard(ctx, address, "HEAR\n"); err != nil { // it is served; the handler is there
					return err
				}
				r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
				if err != nil {
					return err
				}
				defer w.Close()
				if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
					return err
				}
				for server.IsServing() {
					if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
						return err
					}
				}
				if stays {
					_, _ = r.ReadAll(ctx) // ends when the server cuts it off
				} else if err := w.Close(); err != nil {
					return err
				}
				_, err = ended.Await(ctx)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
