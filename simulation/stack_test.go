package simulation_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// TestStack: a host's buffers are as large as it is said, so that a writer whose peer does not
// read waits, and a connection over which nothing arrives is given up when it is said.
func TestStack(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		small := simulation.Stack{SendBuffer: 1000, ReceiveBuffer: 1000, GiveUp: 20 * time.Second, ConnectTimeout: 3 * time.Second}
		server, client := w.Host("server", simulation.WithStack(small)), w.Host("client", simulation.WithStack(small))
		server.Start(func(ctx context.Context) error {
			_, err := streams.StartServer(ctx, func(ctx context.Context, _ *streams.StreamReader, _ *streams.StreamWriter) {
				_ = asyncio.Sleep(ctx, time.Hour) // it reads as much as the reader's limit, and no more
			}, "tcp", ":80", nil)
			return errors.Join(err, asyncio.Sleep(ctx, time.Hour))
		})
		drained := false
		var broken, refused error
		client.Start(func(ctx context.Context) error {
			_, wr, err := streams.OpenConnection(ctx, "tcp", "server:80", nil)
			if err != nil {
				return err
			}
			_, _ = wr.Write(make([]byte, 1<<20))
			drained = asyncio.Timeout(ctx, time.Minute, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return wr.Drain(ctx) }) == nil
			r, wr, err := streams.OpenConnection(ctx, "tcp", "server:80", nil)
			if err != nil {
				return err
			}
			w.Link(client, server).Cut() // when this pass is over
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			_, _ = wr.Write([]byte("nobody hears"))
			before := w.Elapsed()
			_, broken = r.Read(ctx, 1)
			if took := w.Elapsed() - before; took > time.Minute {
				w.Errorf("it was given up after %v", took)
			}
			before = w.Elapsed()
			_, _, refused = streams.OpenConnection(ctx, "tcp4", "server:80", nil)
			if took := w.Elapsed() - before; took > 5*time.Second {
				w.Errorf("the connect was given up after %v", took)
			}
			return nil
		})
		if err := w.RunUntil(client.Done); err != nil {
			w.Errorf("%v", err)
		}
		if drained || !timedOut(broken) || !timedOut(refused) {
			w.Errorf("drained: %v; %v; %v", drained, broken, refused)
		}
	})
}

// timedOut reports whether an error is ETIMEDOUT, or Windows' WSAETIMEDOUT.
func timedOut(err error) bool {
	return errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, syscall.Errno(10060))
}
