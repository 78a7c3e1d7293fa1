package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-asyncio/asyncio"
)

// trySock connects two sockets and sends something from one to the other.
func trySock(ctx context.Context, loop asyncio.EventLoop) error {
	listener, err := asyncio.NewSocket("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := listener.Listen(1); err != nil {
		return err
	}
	client, err := asyncio.NewSocket("tcp", "")
	if err != nil {
		return err
	}
	defer client.Close()
	if err := loop.SockConnect(ctx, client, listener.LocalAddr().String()); err != nil {
		return err
	}
	server, _, err := loop.SockAccept(ctx, listener)
	if err != nil {
		return err
	}
	defer server.Close()
	if _, err := loop.SockSendAll(ctx, client, []byte(message)); err != nil {
		return err
	}
	var got []byte
	for len(got) < len(message) {
		p, err := loop.SockRecv(ctx, server, len(message))
		if err != nil {
			return err
		}
		got = append(got, p...)
	}
	if string(got) != message {
		return fmt.Errorf("%q came as %q", message, got)
	}
	return nil
}

// trySendfile has a file go to a server, which sends it back.
func trySendfile(ctx context.Context, loop asyncio.EventLoop) error {
	file, err := os.CreateTemp("", "asyncio-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.WriteString(file, message); err != nil {
		return err
	}
	return echoBy(ctx, loop, "tcp", "127.0.0.1:0", func(t asyncio.Transport) error {
		n, err := loop.Sendfile(ctx, t, file, nil)
		if err == nil && n != int64(len(message)) {
			err = errors.New("the file went in part")
		}
		return err
	})
}
