package asyncio_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// transferred is a file under way, with what was written before it.
type transferred struct {
	*sender
	file    io.ReadSeeker
	sending *asyncio.Task[struct{}]
	sent    int64 // what the call has returned
	before  []byte
}

// sweepSize is how much there is of a file that is swept: some pieces of what goes in one
// pass.
const sweepSize = 2<<20 + 100_001

// sweep has something happen to a file after some number of passes, each one at first,
// until it is over before.
func sweep(t *testing.T, name string, happens func(ctx context.Context, x *transferred)) {
	t.Helper()
	for _, kind := range []string{"system", "reads"} {
		sendfileRow(t, name+"-"+kind, func(ctx context.Context, s *sender) {
			system := fileOf(s, fileData[:sweepSize])
			for n, over := 0, false; !over; n += 1 + n/3 {
				withSender(ctx, s.netTest, s.secure, func(ctx context.Context, s *sender) {
					x := &transferred{sender: s, file: bytes.NewReader(fileData[:sweepSize]), before: large[:200_000]}
					if kind == "system" {
						x.file = system
						_, err := system.Seek(0, io.SeekStart)
						s.check(err)
					}
					_, err := s.transport.Write(x.before)
					s.check(err)
					x.sending = asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
						x.sent, err = s.l.Sendfile(ctx, s.transport, x.file, nil)
						return err
					})
					for range n {
						s.check(asyncio.Sleep(ctx, 0))
					}
					over = x.sending.Done()
					happens(ctx, x)
					if at := positionOf(s, x.file); at != x.sent {
						s.Errorf("after %d passes: the position is %d, and %d bytes were sent", n, at, x.sent)
					}
				})
			}
		})
	}
}

// goesOn checks that the peer gets what was sent, and that the transport is as it was.
func (x *transferred) goesOn(ctx context.Context) {
	x.Helper()
	_, err := x.transport.Write([]byte("after"))
	x.check(err)
	x.gets(ctx, x.before, fileData[:x.sent], []byte("after"))
	want(x, "reads", x.transport.IsReading(), true)
	x.peer.transport.Write([]byte("answer"))
	x.until(ctx, "what the peer says", func() bool { return string(x.protocol.data) == "answer" })
	x.until(ctx, "the protocol to go on", func() bool {
		h := x.protocol.events
		return h[len(h)-2] != "pause" && h[len(h)-1] != "pause"
	})
}

// cancelled checks what came of a cancellation, which may have come with the end.
func (x *transferred) cancelled(_ struct{}, err error) {
	x.Helper()
	if err != nil {
		wantError(x, err, asyncio.ErrCancelled)
	} else {
		want(x, "sent", x.sent, sweepSize)
	}
}

// TestSendfileSweep: whatever becomes of a file's sending, in each pass.
func TestSendfileSweep(t *testing.T) {
	t.Parallel()
	sweep(t, "cancel", func(ctx context.Context, x *transferred) {
		x.sending.Cancel()
		x.cancelled(x.sending.Await(ctx))
		x.goesOn(ctx)
	})
	sweep(t, "timeout", func(ctx context.Context, x *transferred) {
		// The cancellation comes with whatever else comes in that pass.
		soon(x.T, x.l, func() { x.sending.Cancel() })
		x.cancelled(x.sending.Await(ctx))
		x.goesOn(ctx)
	})
	sweep(t, "close", func(ctx context.Context, x *transferred) {
		x.check(x.transport.Close())
		_, err := x.sending.Await(ctx)
		if err != nil {
			wantError(x, err, net.ErrClosed) // it had not begun
			want(x, "sent", x.sent, 0)
		} else {
			want(x, "sent", x.sent, sweepSize)
		}
		x.gets(ctx, x.before, fileData[:x.sent])
	})
	sweep(t, "abort", func(ctx context.Context, x *transferred) {
		x.transport.Abort()
		_, err := x.sending.Await(ctx)
		if err != nil {
			wantError(x, err, net.ErrClosed)
		}
	})
	sweep(t, "peer-aborts", func(ctx context.Context, x *transferred) {
		x.peer.transport.Abort()
		_, err := x.sending.Await(ctx)
		if (err == nil) != (x.sent == sweepSize) {
			x.Errorf("%d bytes were sent, and the error is %v", x.sent, err)
		}
		x.until(ctx, "the end", func() bool { return x.protocol.lost })
	})
	sweep(t, "goroutine-leaves", func(ctx context.Context, x *transferred) {
		x.sending.Cancel()
		_, _ = x.sending.Await(ctx)
		x.gets(ctx, x.before, fileData[:x.sent])
		// Again, by a goroutine that is none of the loop's.
		outside, leave := context.WithCancel(context.Background())
		left := make(chan error)
		go func() {
			_, err := x.l.Sendfile(outside, x.transport, bytes.NewReader(fileData), nil)
			left <- err
		}()
		x.passes(ctx)
		leave()
		if err := receive(ctx, x.netTest, "the goroutine", left); err != nil {
			wantError(x, err, context.Canceled)
		}
		x.until(ctx, "the transport to be free", func() bool {
			_, err := x.transport.Write([]byte("after"))
			return err == nil
		})
		// Some of the file may come behind it: see TestSendfileBeginsWhenItsCallerHasGone.
		x.until(ctx, "the last", func() bool { return bytes.Contains(x.peer.data, []byte("after")) })
	})
}

// here is an executor that calls what it is given.
type here struct{}

func (here) Submit(f func()) error { f(); return nil }

// TestSendfileBeginsWhenItsCallerHasGone: a goroutine does not wait for the loop when its
// context is done. What it has asked for may begin behind what is written then, and goes on
// until it waits.
func TestSendfileBeginsWhenItsCallerHasGone(t *testing.T) {
	t.Parallel()
	sendfileRow(t, "write-between", func(ctx context.Context, s *sender) {
		s.check(s.l.SetDefaultExecutor(here{})) // so that the file goes at once
		outside, leave := context.WithCancel(context.Background())
		left := make(chan error)
		s.check(s.l.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error {
			s.check(s.l.SetTaskFactory(nil))
			leave() // the loop stands still meanwhile
			wantError(s, <-left, context.Canceled)
			_, err := s.transport.Write([]byte("before"))
			s.check(err)
			return nil
		}))
		file := bytes.NewReader(fileData)
		go func() {
			_, err := s.l.Sendfile(outside, s.transport, file, nil)
			left <- err
		}()
		s.until(ctx, "the goroutine to have gone", func() bool { return outside.Err() != nil })
		s.passes(ctx)
		_, err := s.transport.Write([]byte("after"))
		s.check(err)
		sent := positionOf(s, file)
		// A proactor may not have sent yet what was written, and then the file does not begin.
		if sent == 0 && (s.secure || s.selector() != nil) {
			s.Error("the file has not begun")
		}
		s.gets(ctx, []byte("before"), fileData[:sent], []byte("after"))
	})
}

// brokenFile is a file whose reading goes wrong after some bytes.
type brokenFile struct {
	io.ReadSeeker
	after int64
	how   func()
}

func (b *brokenFile) Read(p []byte) (int, error) {
	if b.after <= 0 {
		b.how()
	}
	n, err := b.ReadSeeker.Read(p[:min(int64(len(p)), max(b.after, 1))])
	b.after -= int64(n)
	return n, err
}

// TestSendfileReadFails: a file that cannot be read any more, or whose reading does not
// return, leaves the transport as it is.
func TestSendfileReadFails(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": goexit} {
		sendfileRow(t, name, func(ctx context.Context, s *sender) {
			for _, after := range []int64{0, 1000, 600_000} {
				x := &transferred{sender: s, file: bytes.NewReader(fileData)}
				sent, err := s.l.Sendfile(ctx, s.transport, &brokenFile{x.file, after, how}, nil)
				if err == nil || sent != after {
					s.Errorf("Sendfile = %d, %v, want %d", sent, err, after)
				}
				x.sent = sent
				want(s, "position", positionOf(s, x.file), after)
				s.protocol.data, s.protocol.events = nil, []string{"made", "data"}
				x.goesOn(ctx)
			}
		})
	}
	sendfileRow(t, "no-executor", func(ctx context.Context, s *sender) {
		s.check(s.l.ShutdownDefaultExecutor(ctx))
		n, err := s.l.Sendfile(ctx, s.transport, bytes.NewReader(fileData), nil)
		want(s, "sent", n, 0)
		wantError(s, err, asyncio.ErrExecutorShutdown)
	})
}

// TestSendfileLoopCloses: a loop that is closed in the middle of a transfer leaves no
// descriptor behind, and the file's position where that is that the system has. It counts
// the descriptors of the process, and so does not run in parallel with others.
func TestSendfileLoopCloses(t *testing.T) {
	oneKindAfterTheOther(t, func(t *testing.T) {
		loopsCloseWhileSending(t, nil, nil, []io.ReadSeeker{fileOf(t, fileData), bytes.NewReader(fileData)})
	})
}

// loopsCloseWhileSending closes loops after each number of passes, until the files have gone
// before.
func loopsCloseWhileSending(t *testing.T, forServer *asyncio.ServerOptions, forClient *asyncio.ConnectionOptions, sent []io.ReadSeeker) {
	t.Helper()
	files := testkit.OpenFiles()
	for n, over := 0, false; !over; n += 1 + n/3 {
		for _, file := range sent {
			over = closedWhileSending(t, n, file, forServer, forClient)
			if now := testkit.OpenFiles(); now != files {
				t.Fatalf("closed after %d passes: %d descriptors, %d before", n, now, files)
			}
		}
	}
}

// closedWhileSending closes a loop that sends a file, after n passes. It reports whether the
// file had gone before.
func closedWhileSending(t *testing.T, n int, file io.ReadSeeker, forServer *asyncio.ServerOptions, forClient *asyncio.ConnectionOptions) (over bool) {
	t.Helper()
	_, err := file.Seek(0, io.SeekStart)
	must(t, err)
	loop := mustLoop(t, silent)
	must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
	var server asyncio.Transport
	client := &recorder{}
	ended := false
	must(t, loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		s, err := loop.CreateServer(ctx, func() asyncio.Protocol {
			return &recorder{onMade: func(t asyncio.Transport) { server = t }}
		}, "tcp", "127.0.0.1:0", forServer)
		must(t, err)
		_, _, err = loop.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", s.Addrs()[0].String(), forClient)
		must(t, err)
		for server == nil {
			must(t, asyncio.Sleep(ctx, instant))
		}
		sending := asyncio.GoErr(ctx, func(ctx context.Context) error {
			defer func() { ended = true }()
			_, err := loop.Sendfile(ctx, server, file, nil)
			return err
		})
		for range n {
			must(t, asyncio.Sleep(ctx, 0))
		}
		over = sending.Done()
		return nil
	})))
	must(t, loop.Close())
	want(t, "the coroutine has ended, or never began", ended || n == 0, true)
	if at, got := positionOf(t, file), len(client.data); at < int64(got) || over && at != int64(len(fileData)) {
		t.Errorf("closed after %d passes: the position is %d, and the peer had %d bytes", n, at, got)
	}
	return over
}
