package asyncio_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// pipeRow is netRow for a row about pipes.
func pipeRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, hasPipes, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) { f(ctx, n) })
		})
	})
}

// readRow is a row about a pipe that the loop reads: w is the other end.
func readRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, w *os.File, r *recorder)) {
	t.Helper()
	pipeRow(t, row, func(ctx context.Context, n *netTest) {
		r, w := n.toRead(ctx)
		f(ctx, n, w, r)
		n.endPipe(ctx, r)
	})
}

// writeRow is a row about a pipe that the loop writes: r is the other end.
func writeRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, r *os.File, w *recorder)) {
	t.Helper()
	pipeRow(t, row, func(ctx context.Context, n *netTest) {
		w, r := n.toWrite(ctx)
		f(ctx, n, r, w)
		n.endPipe(ctx, w)
	})
}

// endPipe ends a pipe at the end of a test.
func (n *netTest) endPipe(ctx context.Context, r *recorder) {
	n.Helper()
	r.transport.Abort()
	n.until(ctx, "the end of the pipe", func() bool { return r.lost })
}

// readPipe gives a pipe to the loop, to read.
func (n *netTest) readPipe(ctx context.Context, f *os.File, options ...func(*recorder)) *recorder {
	n.Helper()
	return n.givePipe(ctx, n.l.ConnectReadPipe, f, options)
}

// writePipe gives a pipe to the loop, to write.
func (n *netTest) writePipe(ctx context.Context, f *os.File, options ...func(*recorder)) *recorder {
	n.Helper()
	return n.givePipe(ctx, n.l.ConnectWritePipe, f, options)
}

// connectPipe is ConnectReadPipe or ConnectWritePipe.
type connectPipe = func(context.Context, func() asyncio.Protocol, *os.File) (asyncio.Transport, asyncio.Protocol, error)

func (n *netTest) givePipe(ctx context.Context, connect connectPipe, f *os.File, options []func(*recorder)) *recorder {
	n.Helper()
	r := &recorder{}
	for _, o := range options {
		o(r)
	}
	tr, p, err := connect(ctx, func() asyncio.Protocol { return r }, f)
	if err != nil {
		n.Fatal(err)
	}
	if p != asyncio.Protocol(r) || tr != r.transport || r.history() != "made" {
		n.Errorf("returned %v and %v; history %q", tr, p, r.history())
	}
	return r
}

// pipeOf is a transport's descriptor.
func pipeOf(t asyncio.Transport) uintptr { return t.GetExtraInfo("pipe").(uintptr) }

// say writes to the other end of what the loop reads.
func (n *netTest) say(w *os.File, text string) {
	n.Helper()
	_, err := w.WriteString(text)
	n.check(err)
}

// hear reads from the other end of what the loop writes. It blocks: what the loop had to do
// for it it has done before.
func (n *netTest) hear(r *os.File, size int) string {
	n.Helper()
	if asyncio.OnLoop(n.l) {
		n.check(asyncio.Engine(n.l).Flush())
	}
	_ = r.SetReadDeadline(time.Now().Add(patience)) // a plain file on Windows has none
	p := make([]byte, size)
	got := 0
	for got < size {
		k, err := r.Read(p[got:])
		if got += k; err != nil {
			break
		}
	}
	return string(p[:got])
}

// fillPipe writes until something is buffered, and returns all of it.
func (n *netTest) fillPipe(t asyncio.Transport) (sent []byte) {
	n.Helper()
	chunk := pattern(1 << 20)
	for t.GetWriteBufferSize() == 0 {
		if k, err := t.Write(chunk); k != len(chunk) || err != nil {
			n.Fatalf("Write = %d, %v", k, err)
		}
		sent = append(sent, chunk...)
	}
	return sent
}

// Pipe makes a scripted engine's pipes those of its streams.
func (s *scripted) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	if s.stream != nil {
		return s.stream(fd, h)
	}
	return s.Engine.Pipe(fd, dir, h)
}

// fakedPipe makes the transport of a pipe over a fake stream, and has its protocol
// connected. Coroutines only.
func (n *netTest) fakedPipe(ctx context.Context, written bool, p asyncio.Protocol) (asyncio.Transport, *fakeStream) {
	n.Helper()
	fs := &fakeStream{fd: 12345, accept: -1}
	eng := asyncio.Engine(n.l).(*scripted)
	eng.stream = func(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
		fs.h, fs.fd = h, fd
		return fs, nil
	}
	eng.sockets = noSockets{}
	t, err := asyncio.NewPipe(n.l, fs.fd, written, p, func() {})
	if err != nil {
		n.Fatal(err)
	}
	n.passes(ctx)
	return t, fs
}
