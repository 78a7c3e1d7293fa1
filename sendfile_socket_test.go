package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// socketSender is a Socket that sends files and its peer.
type socketSender struct {
	*netTest
	s, peer *asyncio.Socket
}

// sockSendfileRow is sendfileRow for a Socket.
func sockSendfileRow(t *testing.T, row string, f func(ctx context.Context, s *socketSender)) {
	t.Helper()
	sockRow(t, row, func(ctx context.Context, n *netTest) {
		a, b := n.pairOfSockets()
		f(ctx, &socketSender{n, a, b})
	})
}

// taking has the peer take so many bytes from now on.
func (s *socketSender) taking(ctx context.Context, size int) *asyncio.Task[[]byte] {
	return asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return s.receiveAll(ctx, s.peer, size), nil })
}

// took waits for what taking has begun, and checks it.
func (s *socketSender) took(ctx context.Context, taking *asyncio.Task[[]byte], want ...[]byte) {
	s.Helper()
	got, err := taking.Await(ctx)
	s.check(err)
	if !bytes.Equal(got, bytes.Join(want, nil)) {
		s.Errorf("the peer has %d bytes, or others", len(got))
	}
}

// sends sends a file and checks what is returned, where the position is, and what the peer
// has.
func (s *socketSender) sends(ctx context.Context, file io.ReadSeeker, opts *asyncio.SendfileOptions, want []byte, position int64) {
	s.Helper()
	taking := s.taking(ctx, len(want))
	n, err := s.l.SockSendfile(ctx, s.s, file, opts)
	if n != int64(len(want)) || err != nil {
		s.Fatalf("SockSendfile = %d, %v, want %d", n, err, len(want))
	}
	s.took(ctx, taking, want)
	if at := positionOf(s, file); at != position {
		s.Errorf("the position is %d, want %d", at, position)
	}
}

// both are a file that the system sends, where it can, and one that is read.
func both(t testing.TB, data []byte) []io.ReadSeeker {
	return []io.ReadSeeker{fileOf(t, data), bytes.NewReader(data)}
}

// TestSockSendfile: files over sockets.
func TestSockSendfile(t *testing.T) {
	t.Parallel()
	sockSendfileRow(t, "sockets.013.sock-sendfile", func(ctx context.Context, s *socketSender) {
		for _, f := range both(s, fileData) {
			s.sends(ctx, f, nil, fileData, int64(len(fileData)))
		}
	})
	sockSendfileRow(t, "sockets.014.sock-sendfile-offset-count", func(ctx context.Context, s *socketSender) {
		for _, f := range both(s, fileData) {
			s.sends(ctx, f, &asyncio.SendfileOptions{Offset: 1000, Count: 2000}, fileData[1000:3000], 3000)
		}
	})
	sockSendfileRow(t, "base.088.sendfile-fallback-offset-count", func(ctx context.Context, s *socketSender) {
		s.sends(ctx, bytes.NewReader(fileData), &asyncio.SendfileOptions{Offset: 1000, Count: 2000}, fileData[1000:3000], 3000)
	})
	sockSendfileRow(t, "sockets.015.sock-sendfile-empty", func(ctx context.Context, s *socketSender) {
		for _, f := range both(s, nil) {
			s.sends(ctx, f, nil, nil, 0)
		}
	})
	sockSendfileRow(t, "sockets.016.sock-sendfile-mixed", func(ctx context.Context, s *socketSender) {
		for _, f := range both(s, fileData) {
			taking := s.taking(ctx, len("before")+len(fileData)+len("after"))
			_, err := s.l.SockSendAll(ctx, s.s, []byte("before"))
			s.check(err)
			_, err = s.l.SockSendfile(ctx, s.s, f, nil)
			s.check(err)
			_, err = s.l.SockSendAll(ctx, s.s, []byte("after"))
			s.check(err)
			s.took(ctx, taking, []byte("before"), fileData, []byte("after"))
		}
	})
	sockSendfileRow(t, "sockets.706.sock-sendfile-offsets", func(ctx context.Context, s *socketSender) {
		size := int64(len(fileData))
		for _, f := range both(s, fileData) {
			for _, offset := range []int64{0, size / 2, size} {
				_, err := f.Seek(0, io.SeekEnd)
				s.check(err)
				s.sends(ctx, f, &asyncio.SendfileOptions{Offset: offset}, fileData[offset:], size)
			}
		}
	})
	sockSendfileRow(t, "in-turn", func(ctx context.Context, s *socketSender) {
		// Who sends meanwhile waits until the file has gone, and so does the next file.
		for _, f := range both(s, fileData) {
			sending := asyncio.GoErr(ctx, func(ctx context.Context) error {
				_, err := s.l.SockSendfile(ctx, s.s, f, nil)
				return err
			})
			s.passes(ctx)
			after := asyncio.GoErr(ctx, func(ctx context.Context) error {
				_, err := s.l.SockSendAll(ctx, s.s, []byte("after"))
				return err
			})
			s.passes(ctx)
			another := asyncio.GoErr(ctx, func(ctx context.Context) error {
				_, err := s.l.SockSendfile(ctx, s.s, strings.NewReader("another"), nil)
				return err
			})
			s.took(ctx, s.taking(ctx, len(fileData)+len("after")+len("another")), fileData, []byte("after"), []byte("another"))
			for _, task := range []*asyncio.Task[struct{}]{sending, after, another} {
				_, err := task.Await(ctx)
				s.check(err)
			}
		}
	})
	sockSendfileRow(t, "off-the-loop", func(ctx context.Context, s *socketSender) {
		f := fileOf(s, fileData)
		ended := make(chan error, 1)
		go func() {
			_, err := s.l.SockSendfile(context.Background(), s.s, f, nil)
			ended <- err
		}()
		s.took(ctx, s.taking(ctx, len(fileData)), fileData)
		s.check(receive(ctx, s.netTest, "the goroutine", ended))
	})
}

// TestSockSendfileRefused: what SockSendfile does not do.
func TestSockSendfileRefused(t *testing.T) {
	t.Parallel()
	refused := func(ctx context.Context, s *socketSender, socket *asyncio.Socket, f io.Reader, opts *asyncio.SendfileOptions, target error) {
		s.Helper()
		n, err := s.l.SockSendfile(ctx, socket, f, opts)
		want(s, "sent", n, 0)
		wantError(s, err, target)
		if err != nil && !strings.HasPrefix(err.Error(), "asyncio: SockSendfile: ") {
			s.Errorf("%q does not name the call", err)
		}
		if f, ok := f.(io.Seeker); ok {
			want(s, "position", positionOf(s, f), 0)
		}
	}
	sockSendfileRow(t, "base.091.sendfile-datagram-socket", func(ctx context.Context, s *socketSender) {
		refused(ctx, s, s.newSocket("udp4", "127.0.0.1:0"), fileOf(s, fileData), nil, asyncio.ErrInvalidArgument)
	})
	sockSendfileRow(t, "base.093.sendfile-count-negative", func(ctx context.Context, s *socketSender) {
		f := fileOf(s, fileData)
		refused(ctx, s, s.s, f, &asyncio.SendfileOptions{Count: -1}, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.s, f, &asyncio.SendfileOptions{Offset: -1}, asyncio.ErrInvalidArgument)
		refused(ctx, s, nil, f, nil, asyncio.ErrInvalidArgument)
	})
	notAvailable := func(ctx context.Context, s *socketSender) {
		noFallback := &asyncio.SendfileOptions{NoFallback: true}
		r, w, err := os.Pipe()
		s.check(err)
		defer r.Close()
		defer w.Close()
		for _, f := range []io.Reader{bytes.NewReader(fileData), readOnly{r}} {
			refused(ctx, s, s.s, f, noFallback, asyncio.ErrSendfileNotAvailable)
		}
		_, err = s.l.SockSendfile(ctx, s.s, r, noFallback)
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			s.Errorf("a pipe: %v", err)
		}
	}
	sockSendfileRow(t, "base.087.sendfile-no-fallback", notAvailable)
	sockSendfileRow(t, "unix.027.sendfile-not-a-file", notAvailable)
	t.Run("proactor.048.sendfile-not-a-file", func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Proactors, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) {
				a, b := n.pairOfSockets()
				notAvailable(ctx, &socketSender{n, a, b})
			})
		})
	})
	sockSendfileRow(t, "not-connected", func(ctx context.Context, s *socketSender) {
		refused(ctx, s, s.newSocket("tcp4", ""), fileOf(s, fileData), &asyncio.SendfileOptions{NoFallback: true}, asyncio.ErrSendfileNotAvailable)
		n, err := s.l.SockSendfile(ctx, s.newSocket("tcp4", ""), fileOf(s, fileData), nil)
		if n != 0 || !errors.As(err, new(syscall.Errno)) {
			s.Errorf("SockSendfile = %d, %v", n, err)
		}
	})
	sockSendfileRow(t, "closed", func(ctx context.Context, s *socketSender) {
		s.check(s.s.Close())
		refused(ctx, s, s.s, fileOf(s, fileData), nil, net.ErrClosed)
	})
}

// TestSockSendfileBlocking: a socket that blocks is made one that does not.
func TestSockSendfileBlocking(t *testing.T) {
	t.Parallel()
	for row, which := range map[string]func(testkit.Mechanism) bool{
		"base.089.sendfile-blocking-socket":      testkit.Unpinned,
		"proactor.706.sendfile-blocking-refused": testkit.Proactors,
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			overLoops(t, which, func(t *testing.T) {
				n := newNetTest(t)
				n.run(func(ctx context.Context) {
					n.l.SetDebug(true)
					x, y, err := sock.Pair()
					must(n, err)
					defer sock.Close(y)
					must(n, sock.SetNonblock(x, false))
					a, err := asyncio.SocketFromFD(x)
					must(n, err)
					defer a.Close()
					// The loop goes on, and so ends the wait.
					_, err = asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int64, error) {
						return n.l.SockSendfile(ctx, a, fileOf(n, large), nil)
					})
					wantError(n, err, asyncio.ErrTimeout)
				})
			})
		})
	}
}

// TestSockSendfileEnds: what ends a file's sending, at some moment; the count, the
// position and what the peer has agree, and the socket goes on.
func TestSockSendfileEnds(t *testing.T) {
	t.Parallel()
	for _, row := range []string{"unix.028a.sendfile-cancel-before-step", "unix.028b.sendfile-cancel-then-step", "unix.029.sendfile-would-block"} {
		sockSendfileRow(t, row, func(ctx context.Context, s *socketSender) {
			for _, f := range both(s, large) {
				var n int64
				sending := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
					n, err = s.l.SockSendfile(ctx, s.s, f, nil)
					return err
				})
				s.waits(ctx, s.s, "write")
				var first []byte
				if !strings.HasPrefix(row, "unix.028a") { // there is to be a step
					first, _ = s.taking(ctx, 1).Await(ctx)
				}
				if strings.HasPrefix(row, "unix.029") {
					rest := s.taking(ctx, len(large)-1)
					_, err := sending.Await(ctx)
					s.check(err)
					want(s, "sent", n, int64(len(large)))
					s.took(ctx, rest, large[1:])
					continue
				}
				sending.Cancel()
				_, err := sending.Await(ctx)
				wantError(s, err, asyncio.ErrCancelled)
				s.unwatched(s.s)
				want(s, "position", positionOf(s, f), n)
				after := asyncio.GoErr(ctx, func(ctx context.Context) error {
					_, err := s.l.SockSendAll(ctx, s.s, []byte("after"))
					return err
				})
				s.took(ctx, s.taking(ctx, int(n)-len(first)+len("after")), large[len(first):n], []byte("after"))
				_, err = after.Await(ctx)
				s.check(err)
			}
		})
	}
	for name, end := range map[string]func(s *socketSender){
		"closed":       func(s *socketSender) { s.check(s.s.Close()) },
		"peer-is-gone": func(s *socketSender) { s.check(s.peer.Close()) },
	} {
		sockSendfileRow(t, name, func(ctx context.Context, s *socketSender) {
			f := fileOf(s, large)
			var n int64
			sending := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
				n, err = s.l.SockSendfile(ctx, s.s, f, nil)
				return err
			})
			s.waits(ctx, s.s, "write")
			end(s)
			_, err := sending.Await(ctx)
			if !isConnectionError(err) || n == 0 || n == int64(len(large)) {
				s.Errorf("SockSendfile = %d, %v", n, err)
			}
			want(s, "position", positionOf(s, f), n)
		})
	}
	sockSendfileRow(t, "sweep", func(ctx context.Context, s *socketSender) {
		data := fileData[:sweepSize]
		for kind := range both(s, nil) {
			for passes, over := 0, false; !over; passes += 1 + passes/3 {
				f := both(s, data)[kind]
				var n int64
				began := false
				sending := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
					began = true
					n, err = s.l.SockSendfile(ctx, s.s, f, nil)
					return err
				})
				taking := asyncio.GoErr(ctx, func(ctx context.Context) error {
					var got []byte
					for !bytes.HasSuffix(got, []byte("the end")) {
						p, err := s.l.SockRecv(ctx, s.peer, 1<<20)
						if err != nil {
							return err
						}
						got = append(got, p...)
					}
					if !bytes.Equal(got, append(data[:n:n], "the end"...)) {
						s.Errorf("cancelled after %d passes: %d bytes came, and %d were sent", passes, len(got), n)
					}
					return nil
				})
				for range passes {
					s.check(asyncio.Sleep(ctx, 0))
				}
				over = sending.Done()
				sending.Cancel()
				_, err := sending.Await(ctx)
				if err != nil {
					wantError(s, err, asyncio.ErrCancelled)
				} else if n != int64(len(data)) {
					s.Errorf("%d bytes were sent without an error", n)
				}
				if began {
					want(s, "position", positionOf(s, f), n)
				}
				_, err = s.l.SockSendAll(ctx, s.s, []byte("the end"))
				s.check(err)
				_, err = taking.Await(ctx)
				s.check(err)
			}
		}
	})
}
