package platform

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// tryPipes sends a word through a pipe, and closes it.
func tryPipes(ctx context.Context, loop asyncio.EventLoop) error {
	r, w, err := openPipe()
	if err != nil {
		return err
	}
	l := &listener{over: asyncio.NewFuture[string](loop)}
	_, _, readErr := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return l }, r)
	out, _, err := loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return asyncio.BaseProtocol{} }, w)
	if err := errors.Join(readErr, err); err != nil {
		return err
	}
	const word = "hello"
	if _, err := out.Write([]byte(word)); err != nil {
		return err
	}
	if err := out.WriteEOF(); err != nil {
		return err
	}
	heard, err := l.over.Await(ctx)
	if err == nil && heard != word {
		err = fmt.Errorf("%q came of %q", heard, word)
	}
	return err
}

// listener keeps what comes until the end.
type listener struct {
	asyncio.BaseProtocol
	heard string
	over  *asyncio.Future[string]
}

// DataReceived implements asyncio.Protocol.
func (l *listener) DataReceived(p []byte) { l.heard += string(p) }

// ConnectionLost implements asyncio.Protocol.
func (l *listener) ConnectionLost(err error) {
	if err != nil {
		_ = l.over.SetException(err) // unless who waits was cancelled
	} else {
		_ = l.over.SetResult(l.heard) // as above
	}
}
