package asyncio_test

import (
	"context"
	"os"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// hasPipes is the filter for loops that have pipes: those over a proactor.
var hasPipes = testkit.Proactors

// handPipe makes a transport of a handle, as ConnectReadPipe and ConnectWritePipe do of a
// file. Wine cannot take a handle off the completion port of Go's runtime, to which it
// would be bound by then.
func (n *netTest) handPipe(ctx context.Context, fd uintptr, written bool, options []func(*recorder)) *recorder {
	n.Helper()
	r := &recorder{}
	for _, o := range options {
		o(r)
	}
	met := false
	if _, err := asyncio.NewPipe(n.l, fd, written, r, func() { met = true }); err != nil {
		n.Fatal(err)
	}
	n.until(ctx, "the protocol to be told", func() bool { return met })
	return r
}

// toRead makes a pipe that the loop reads, and returns its protocol and the other end.
func (n *netTest) toRead(ctx context.Context, options ...func(*recorder)) (*recorder, *os.File) {
	n.Helper()
	r, w, err := sock.OpenPipe(true, false)
	if err != nil {
		n.Fatal(err)
	}
	return n.handPipe(ctx, r, false, options), n.plainEnd(w)
}

// toWrite makes a pipe that the loop writes, and returns its protocol and the other end.
func (n *netTest) toWrite(ctx context.Context, options ...func(*recorder)) (*recorder, *os.File) {
	n.Helper()
	r, w, err := sock.OpenPipe(false, true)
	if err != nil {
		n.Fatal(err)
	}
	return n.handPipe(ctx, w, true, options), n.plainEnd(r)
}

// loopPipe makes a pipe that the loop reads and writes.
func (n *netTest) loopPipe(ctx context.Context) (r, w *recorder) {
	n.Helper()
	rFD, wFD, err := sock.OpenPipe(true, true)
	if err != nil {
		n.Fatal(err)
	}
	return n.handPipe(ctx, rFD, false, nil), n.handPipe(ctx, wFD, true, nil)
}

// plainEnd is an end that the test has.
func (n *netTest) plainEnd(fd uintptr) *os.File {
	f := os.NewFile(fd, "pipe")
	n.Cleanup(func() { f.Close() })
	return f
}
