package platform

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// onLoopSockets has two sockets connect and talk, by the calls of the default loop.
func onLoopSockets() error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, trySockets)
}

func trySockets(ctx context.Context, loop asyncio.EventLoop) error {
	listening, err := asyncio.NewSocket("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listening.Close()
	if err := listening.Listen(1); err != nil {
		return err
	}
	client, err := asyncio.NewSocket("tcp4", "")
	if err != nil {
		return err
	}
	defer client.Close()
	if err := loop.SockConnect(ctx, client, listening.LocalAddr().String()); err != nil {
		return err
	}
	server, _, err := loop.SockAccept(ctx, listening)
	if err != nil {
		return err
	}
	defer server.Close()
	if _, err := loop.SockSendAll(ctx, client, []byte(message)); err != nil {
		return err
	}
	got, err := loop.SockRecv(ctx, server, 2*len(message))
	if err == nil && string(got) != message {
		err = fmt.Errorf("%q came as %q", message, got)
	}
	return err
}

// onLoopSignals has the default loop handle a signal that harms nobody, where this process can
// send itself one.
func onLoopSignals() error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, func(ctx context.Context, loop asyncio.EventLoop) error {
		came := asyncio.NewFuture[struct{}](loop)
		err := loop.AddSignalHandler(harmlessSignal, func() {
			if !came.Done() {
				_ = came.SetResult(struct{}{})
			}
		})
		if err != nil {
			return err
		}
		if err := sendHarmlessSignal(); err == nil {
			if _, err := came.Await(ctx); err != nil {
				return err
			}
		} else if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		_, err = loop.RemoveSignalHandler(harmlessSignal)
		return err
	})
}
