// Package ending has the servers among the examples end as a service should: at the first
// SIGINT or SIGTERM nobody more is let in, those who are there are told, and have a while to go.
package ending

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Serve lets a server serve until the process gets SIGINT or SIGTERM, and then closes it as
// Close does. The next signal finds the system's way again: it ends the program. If the
// task is cancelled the server is closed at once. Call it in a coroutine.
func Serve(ctx context.Context, server *asyncio.Server, grace time.Duration, goodbye func()) error {
	sig, err := Signalled(ctx)
	if err != nil {
		server.Close()
		server.AbortClients()
		return errors.Join(err, server.WaitClosed(context.WithoutCancel(ctx)))
	}
	slog.Info("ending", "signal", sig, "grace", grace)
	return Close(ctx, server, grace, goodbye)
}

// Signalled waits for the first of the signals that mean the end, and returns it. Until then they do
// nothing else; afterwards they mean what they meant before. Call it in a coroutine.
func Signalled(ctx context.Context) (os.Signal, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	told := asyncio.NewFuture[os.Signal](loop)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		err := loop.AddSignalHandler(sig, func() {
			_ = told.SetResult(sig) // the second of two is too late, and says the same
		})
		if err != nil {
			return nil, err
		}
		defer loop.RemoveSignalHandler(sig)
	}
	return told.Await(ctx)
}

// Close closes a server: it stops accepting, has goodbye tell the clients, waits for them to
// go, and cuts those off that are still there after the grace. goodbye may be nil.
func Close(ctx context.Context, server *asyncio.Server, grace time.Duration, goodbye func()) error {
	server.Close()
	if goodbye != nil {
		goodbye()
	}
	err := asyncio.WaitForErr(ctx, grace, server.WaitClosed)
	if errors.Is(err, asyncio.ErrTimeout) && ctx.Err() == nil {
		slog.Warn("cutting off who has not gone", "grace", grace)
		server.AbortClients()
		return server.WaitClosed(ctx)
	}
	return err
}
