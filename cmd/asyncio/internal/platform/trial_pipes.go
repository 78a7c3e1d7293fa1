package platform

import (
	"context"
	"errors"
	"os"

	"github.com/go-asyncio/asyncio"
)

// tryPipes has a transport at each end of a pipe.
func tryPipes(ctx context.Context, loop asyncio.EventLoop) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	c := newCollector(loop)
	reader, _, err := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return c }, r)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	defer reader.Abort()
	writer, _, err := loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, w)
	if err != nil {
		return err
	}
	defer writer.Abort()
	if err := writeMessage(writer); err != nil {
		return err
	}
	return c.message(ctx)
}
