package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// fileData is more than a system takes at once, or sends in one pass, and no round number.
var fileData = func() []byte {
	p := make([]byte, 3<<20+251)
	for i := range p {
		p[i] = byte(i*i>>7 + i>>16)
	}
	return p
}()

// fileOf makes a file of these bytes.
func fileOf(t testing.TB, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(folder.New(t), "file")
	must(t, os.WriteFile(path, data, 0o600))
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// positionOf is where a file is read next.
func positionOf(t testing.TB, f io.Seeker) int64 {
	t.Helper()
	at, err := f.Seek(0, io.SeekCurrent)
	must(t, err)
	return at
}

// sender is a transport and who gets what it sends.
type sender struct {
	*netTest
	secure    bool // it speaks TLS
	transport asyncio.Transport
	protocol  *recorder // the transport's
	peer      *recorder
}

// sendfileRow runs f, as netRow does, in a coroutine with a connection, and ends that
// after it: in clear and over TLS.
func sendfileRow(t *testing.T, row string, f func(ctx context.Context, s *sender)) {
	t.Helper()
	clearRow(t, row, f)
	netRow(t, row+"/tls", func(n *netTest) { n.run(func(ctx context.Context) { withSender(ctx, n, true, f) }) })
}

// clearRow is sendfileRow in clear alone, where the system itself can send.
func clearRow(t *testing.T, row string, f func(ctx context.Context, s *sender)) {
	t.Helper()
	netRow(t, row, func(n *netTest) { n.run(func(ctx context.Context) { withSender(ctx, n, false, f) }) })
}

func withSender(ctx context.Context, n *netTest, secure bool, f func(ctx context.Context, s *sender)) {
	n.Helper()
	pair := func() (client, server *recorder) { return n.pair(ctx) }
	if secure {
		pair = func() (client, server *recorder) { return n.pairTLS(ctx, nil, nil) }
	}
	client, server := pair()
	f(ctx, &sender{n, secure, server.transport, server, client})
	server.transport.Abort()
	client.transport.Abort()
	n.until(ctx, "the end", func() bool { return server.lost && client.lost })
}

// readOnly is what can be read, and nothing else.
type readOnly struct{ io.Reader }

// sends sends a file and checks what is returned.
func (s *sender) sends(ctx context.Context, file io.Reader, opts *asyncio.SendfileOptions, want int) {
	s.Helper()
	n, err := s.l.Sendfile(ctx, s.transport, file, opts)
	if n != int64(want) || err != nil {
		s.Fatalf("Sendfile = %d, %v, want %d", n, err, want)
	}
}

// gets waits until the peer has these bytes, all in all, and forgets them.
func (s *sender) gets(ctx context.Context, want ...[]byte) {
	s.Helper()
	all := bytes.Join(want, nil)
	s.until(ctx, "the bytes", func() bool { return len(s.peer.data) >= len(all) })
	if !bytes.Equal(s.peer.data, all) {
		s.Errorf("the peer has %d bytes, want %d, or others", len(s.peer.data), len(all))
	}
	s.peer.data = nil
}

// TestSendfile: files over transports.
func TestSendfile(t *testing.T) {
	t.Parallel()
	sendfileRow(t, "sockets.018a.sendfile-transport", func(ctx context.Context, s *sender) {
		f := fileOf(s, fileData)
		s.sends(ctx, f, nil, len(fileData))
		s.gets(ctx, fileData)
		want(s, "position", positionOf(s, f), int64(len(fileData)))
	})
	sendfileRow(t, "sockets.018b.sendfile-fallback-forced", func(ctx context.Context, s *sender) {
		f := bytes.NewReader(fileData)
		s.sends(ctx, f, nil, len(fileData))
		s.gets(ctx, fileData)
		want(s, "position", positionOf(s, f), int64(len(fileData)))
		s.sends(ctx, readOnly{bytes.NewReader(fileData)}, nil, len(fileData))
		s.gets(ctx, fileData)
	})
	sendfileRow(t, "sockets.021.sendfile-pre-post-data", func(ctx context.Context, s *sender) {
		for _, f := range []io.Reader{fileOf(s, fileData), bytes.NewReader(fileData)} {
			_, err := s.transport.Write(fileData[:1000])
			s.check(err)
			_, err = s.transport.Write([]byte("before"))
			s.check(err)
			s.sends(ctx, f, nil, len(fileData))
			_, err = s.transport.Write([]byte("after"))
			s.check(err)
			s.gets(ctx, fileData[:1000], []byte("before"), fileData, []byte("after"))
		}
	})
	sendfileRow(t, "sockets.022.sendfile-partial", func(ctx context.Context, s *sender) {
		file := fileOf(s, fileData)
		for _, f := range []io.ReadSeeker{file, bytes.NewReader(fileData)} {
			s.sends(ctx, f, &asyncio.SendfileOptions{Offset: 1000, Count: 100}, 100)
			s.gets(ctx, fileData[1000:1100])
			want(s, "position", positionOf(s, f), 1100)
			most := int64(len(fileData)) + 1
			s.sends(ctx, f, &asyncio.SendfileOptions{Offset: 1000, Count: most}, len(fileData)-1000)
			s.gets(ctx, fileData[1000:])
		}
	})
	sendfileRow(t, "sockets.707.sendfile-offsets", func(ctx context.Context, s *sender) {
		for _, f := range []io.ReadSeeker{fileOf(s, fileData), bytes.NewReader(fileData)} {
			for _, offset := range []int{0, len(fileData) / 2, len(fileData)} {
				for _, at := range []int64{0, 17, int64(len(fileData))} {
					_, err := f.Seek(at, io.SeekStart)
					s.check(err)
					s.sends(ctx, f, &asyncio.SendfileOptions{Offset: int64(offset)}, len(fileData)-offset)
					s.gets(ctx, fileData[offset:])
				}
				want(s, "position", positionOf(s, f), int64(len(fileData)))
			}
		}
	})
	sendfileRow(t, "sockets.023.sendfile-peer-closes-after", func(ctx context.Context, s *sender) {
		for _, f := range []io.Reader{fileOf(s, fileData), bytes.NewReader(fileData)} {
			withSender(ctx, s.netTest, s.secure, func(ctx context.Context, s *sender) {
				s.peer.onData = func([]byte) {
					if len(s.peer.data) == len(fileData) {
						s.check(s.peer.transport.Close())
					}
				}
				s.sends(ctx, f, nil, len(fileData))
				s.until(ctx, "the peer's end", func() bool { return s.protocol.lost })
				want(s, "the peer's bytes", len(s.peer.data), len(fileData))
			})
		}
	})
	sendfileRow(t, "sockets.024.sendfile-fallback-peer-closes-middle", func(ctx context.Context, s *sender) {
		f := bytes.NewReader(large)
		s.peer.onData = func([]byte) { s.peer.transport.Abort() }
		n, err := s.l.Sendfile(ctx, s.transport, f, nil)
		if n == 0 || n >= int64(len(large)) || err == nil || !isConnectionError(err) {
			s.Errorf("Sendfile = %d, %v", n, err)
		}
		want(s, "position", positionOf(s, f), n)
		s.until(ctx, "the end", func() bool { return s.protocol.lost })
	})
	sendfileRow(t, "empty-file", func(ctx context.Context, s *sender) {
		s.sends(ctx, fileOf(s, nil), nil, 0)
		s.sends(ctx, strings.NewReader(""), nil, 0)
		_, err := s.transport.Write([]byte("after"))
		s.check(err)
		s.gets(ctx, []byte("after"))
	})
	sendfileRow(t, "off-the-loop", func(ctx context.Context, s *sender) {
		type result struct {
			n   int64
			err error
		}
		f := fileOf(s, fileData)
		results := make(chan result, 1)
		go func() {
			n, err := s.l.Sendfile(context.Background(), s.transport, f, nil)
			results <- result{n, err}
		}()
		r := receive(ctx, s.netTest, "the result", results)
		want(s, "sent", r.n, int64(len(fileData)))
		s.check(r.err)
		s.gets(ctx, fileData)
	})
}

// isConnectionError reports whether err is what a connection ends with.
func isConnectionError(err error) bool {
	return errors.Is(err, net.ErrClosed) || sock.Disconnected(err)
}

// TestSendfileHasTheTransport: what happens to a transport while a file goes over it.
func TestSendfileHasTheTransport(t *testing.T) {
	t.Parallel()
	// during runs f while the file is under way, for the peer does not read until it is over.
	during := func(t *testing.T, row string, f func(ctx context.Context, s *sender), after func(ctx context.Context, s *sender)) {
		t.Helper()
		sendfileRow(t, row, func(ctx context.Context, s *sender) {
			for _, file := range []io.Reader{fileOf(s, large), bytes.NewReader(large)} {
				withSender(ctx, s.netTest, s.secure, func(ctx context.Context, s *sender) {
					s.check(s.peer.transport.PauseReading())
					sending := asyncio.Go(ctx, func(ctx context.Context) (int64, error) {
						return s.l.Sendfile(ctx, s.transport, file, nil)
					})
					s.passes(ctx)
					want(s, "over", sending.Done(), false)
					f(ctx, s)
					s.check(s.peer.transport.ResumeReading())
					n, err := sending.Await(ctx)
					if n != int64(len(large)) || err != nil {
						s.Errorf("Sendfile = %d, %v", n, err)
					}
					after(ctx, s)
				})
			}
		})
	}
	getsAll := func(ctx context.Context, s *sender) { s.gets(ctx, large) }
	during(t, "sockets.025.sendfile-blocks-write", func(ctx context.Context, s *sender) {
		n, err := s.transport.Write([]byte("data"))
		want(s, "written", n, 0)
		wantError(s, err, asyncio.ErrSendfileInProgress)
		n, err = s.transport.Write(nil)
		want(s, "nothing written", n, 0)
		s.check(err)
	}, func(ctx context.Context, s *sender) {
		_, err := s.transport.Write([]byte("after"))
		s.check(err)
		s.gets(ctx, large, []byte("after"))
	})
	during(t, "selev.709.writelines-during-sendfile", func(ctx context.Context, s *sender) {
		wantError(s, s.transport.WriteLines([][]byte{[]byte("da"), []byte("ta")}), asyncio.ErrSendfileInProgress)
		s.check(s.transport.WriteLines(nil))
	}, getsAll)
	during(t, "another-file", func(ctx context.Context, s *sender) {
		n, err := s.l.Sendfile(ctx, s.transport, strings.NewReader("another"), nil)
		want(s, "sent", n, 0)
		wantError(s, err, asyncio.ErrSendfileInProgress)
	}, getsAll)
	during(t, "reading", func(ctx context.Context, s *sender) {
		want(s, "reads", s.transport.IsReading(), false)
		_, err := s.peer.transport.Write([]byte("question"))
		s.check(err)
		s.passes(ctx)
		want(s, "received meanwhile", string(s.protocol.data), "")
	}, func(ctx context.Context, s *sender) {
		s.until(ctx, "what came meanwhile", func() bool { return string(s.protocol.data) == "question" })
		want(s, "reads", s.transport.IsReading(), true)
	})
	during(t, "reading-paused-by-the-user", func(ctx context.Context, s *sender) {
		s.check(s.transport.PauseReading())
	}, func(ctx context.Context, s *sender) {
		s.passes(ctx)
		want(s, "reads", s.transport.IsReading(), false)
	})
	during(t, "close", func(ctx context.Context, s *sender) {
		s.check(s.transport.Close())
		s.passes(ctx)
		want(s, "lost", s.protocol.lost, false)
	}, func(ctx context.Context, s *sender) {
		s.until(ctx, "the end", func() bool { return s.protocol.lost && s.peer.lost })
		want(s, "the peer's bytes", len(s.peer.data), len(large))
	})
	during(t, "write-eof", func(ctx context.Context, s *sender) {
		s.check(s.transport.WriteEOF())
	}, func(ctx context.Context, s *sender) {
		s.until(ctx, "the end of writing", func() bool { return s.peer.lost })
		want(s, "the peer's bytes", len(s.peer.data), len(large))
		want(s, "the peer's events", s.peer.history(), "made data eof lost")
	})
	sendfileRow(t, "paused-protocol", func(ctx context.Context, s *sender) {
		// The protocol is told to pause, and to go on only when the file has gone.
		for _, file := range []io.ReadSeeker{fileOf(s, fileData), bytes.NewReader(fileData)} {
			s.protocol.events = nil
			s.check(s.peer.transport.PauseReading())
			_, err := s.transport.Write(large)
			s.check(err)
			want(s, "events", s.protocol.history(), "pause")
			sending := asyncio.Go(ctx, func(ctx context.Context) (int64, error) {
				return s.l.Sendfile(ctx, s.transport, file, nil)
			})
			s.protocol.onResume = func() {
				want(s, "position when it is told to go on", positionOf(s, file), int64(len(fileData)))
			}
			s.check(s.peer.transport.ResumeReading())
			_, err = sending.Await(ctx)
			s.check(err)
			s.until(ctx, "the protocol to go on", func() bool { return s.protocol.history() == "pause resume" })
			s.gets(ctx, large, fileData)
		}
	})
}

// large is more than any system takes for a peer that does not read.
var large = bytes.Repeat(fileData, 6)

// TestSendfileRefused: what Sendfile does not do.
func TestSendfileRefused(t *testing.T) {
	t.Parallel()
	refused := func(ctx context.Context, s *sender, transport asyncio.Transport, f io.Reader, opts *asyncio.SendfileOptions, errs ...error) {
		s.Helper()
		n, err := s.l.Sendfile(ctx, transport, f, opts)
		want(s, "sent", n, 0)
		for _, e := range errs {
			wantError(s, err, e)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "asyncio: Sendfile: ") {
			s.Errorf("%q does not name the call", err)
		}
		if f, ok := f.(*os.File); ok && f != nil {
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
				want(s, "position", positionOf(s, f), 0)
			}
		}
	}
	sendfileRow(t, "sockets.017.sendfile-unsupported-transport", func(ctx context.Context, s *sender) {
		refused(ctx, s, asyncio.UnimplementedTransport{}, fileOf(s, fileData), nil, asyncio.ErrInvalidArgument)
	})
	sendfileRow(t, "sockets.020.sendfile-closing-transport", func(ctx context.Context, s *sender) {
		f := fileOf(s, fileData)
		s.check(s.transport.Close())
		refused(ctx, s, s.transport, f, nil, net.ErrClosed)
		s.until(ctx, "the end", func() bool { return s.peer.lost })
		refused(ctx, s, s.transport, f, nil, net.ErrClosed)
		want(s, "the peer's bytes", len(s.peer.data), 0)
	})
	sendfileRow(t, "after-eof", func(ctx context.Context, s *sender) {
		s.protocol.keepOpen, s.peer.keepOpen = true, true
		s.check(s.transport.WriteEOF())
		refused(ctx, s, s.transport, fileOf(s, fileData), nil, asyncio.ErrInvalidState)
	})
	sendfileRow(t, "arguments", func(ctx context.Context, s *sender) {
		f := fileOf(s, fileData)
		refused(ctx, s, nil, f, nil, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.transport, nil, nil, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.transport, (*os.File)(nil), nil, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.transport, f, &asyncio.SendfileOptions{Offset: -1}, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.transport, f, &asyncio.SendfileOptions{Count: -1}, asyncio.ErrInvalidArgument)
		refused(ctx, s, s.transport, readOnly{f}, &asyncio.SendfileOptions{Offset: 1}, asyncio.ErrInvalidArgument)
		s.check(f.Close())
		refused(ctx, s, s.transport, f, nil, os.ErrClosed)
		s.transport.Write([]byte("goes on"))
		s.gets(ctx, []byte("goes on"))
	})
	sendfileRow(t, "another-loop", func(ctx context.Context, s *sender) {
		other := newNetTest(s.T)
		n, err := other.l.Sendfile(ctx, s.transport, fileOf(s, fileData), nil)
		want(s, "sent", n, 0)
		wantError(s, err, asyncio.ErrWrongLoop)
	})
	sendfileRow(t, "callback", func(ctx context.Context, s *sender) {
		called := make(chan struct{})
		soon(s.T, s.l, func() {
			defer close(called)
			refused(ctx, s, s.transport, fileOf(s, fileData), nil, asyncio.ErrAwaitInCallback)
		})
		receive(ctx, s.netTest, "the callback", called)
	})
	for _, row := range []string{"base.087.sendfile-no-fallback", "unix.027.sendfile-not-a-file", "proactor.048.sendfile-not-a-file"} {
		sendfileRow(t, row, func(ctx context.Context, s *sender) {
			noFallback := &asyncio.SendfileOptions{NoFallback: true}
			r, w, err := os.Pipe()
			s.check(err)
			defer r.Close()
			defer w.Close()
			dir, err := os.Open(folder.New(s))
			s.check(err)
			defer dir.Close()
			data := bytes.NewReader(fileData)
			for _, f := range []io.Reader{data, readOnly{data}, r, dir} {
				refused(ctx, s, s.transport, f, noFallback, asyncio.ErrSendfileNotAvailable)
				_, err := s.l.Sendfile(ctx, s.transport, f, noFallback)
				if err == nil || !strings.Contains(err.Error(), "not a regular file") {
					s.Errorf("%T: %v", f, err)
				}
			}
			want(s, "position", positionOf(s, data), 0)
			s.transport.Write([]byte("goes on"))
			s.gets(ctx, []byte("goes on"))
		})
	}
	sendfileRow(t, "pipe", func(ctx context.Context, s *sender) {
		// What is no file, but can be read, is.
		r, w, err := os.Pipe()
		s.check(err)
		defer r.Close()
		go func() {
			defer w.Close()
			w.Write([]byte("from a pipe"))
		}()
		s.sends(ctx, r, nil, len("from a pipe"))
		s.gets(ctx, []byte("from a pipe"))
	})
}

// filer is an engine's stream that is asked by a test what it may send of a file.
type filer struct {
	engine.Stream
	may   func(call int, n int64) (int, error)
	calls int
}

func (f *filer) Sendfile(file engine.File, offset, n int64) error {
	f.calls++
	most, err := f.may(f.calls, n)
	if err != nil {
		return err
	}
	return f.Stream.Sendfile(file, offset, int64(most))
}

// filingRow is sendfileRow over streams whose calls of Sendfile are given how many bytes
// may go, or an error.
func filingRow(t *testing.T, row string, may func(call int, n int64) (int, error), f func(ctx context.Context, s *sender)) {
	t.Helper()
	netRow(t, row, func(n *netTest) {
		s := n.script()
		s.stream = func(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
			stream, err := s.Engine.Stream(fd, h)
			if err != nil {
				return nil, err
			}
			return &filer{Stream: stream, may: may}, nil
		}
		n.run(func(ctx context.Context) { withSender(ctx, n, false, f) })
	})
}

// TestSendfileBySystem: what the system says of a file.
func TestSendfileBySystem(t *testing.T) {
	t.Parallel()
	noFallback := &asyncio.SendfileOptions{NoFallback: true}
	for _, row := range []string{"base.086.sendfile-native-missing", "unix.026.sendfile-not-available"} {
		filingRow(t, row, func(int, int64) (int, error) { return 0, errors.ErrUnsupported }, func(ctx context.Context, s *sender) {
			f := fileOf(s, fileData)
			n, err := s.l.Sendfile(ctx, s.transport, f, noFallback)
			want(s, "sent", n, 0)
			wantError(s, err, asyncio.ErrSendfileNotAvailable)
			wantError(s, err, errors.ErrUnsupported)
			want(s, "position", positionOf(s, f), 0)
			s.sends(ctx, f, nil, len(fileData))
			s.gets(ctx, fileData)
		})
	}
	filingRow(t, "unix.030a.sendfile-first-error", func(int, int64) (int, error) { return 0, syscall.EINVAL }, func(ctx context.Context, s *sender) {
		f := fileOf(s, fileData)
		n, err := s.l.Sendfile(ctx, s.transport, f, noFallback)
		want(s, "sent", n, 0)
		wantError(s, err, asyncio.ErrSendfileNotAvailable)
		wantError(s, err, syscall.EINVAL)
		want(s, "position", positionOf(s, f), 0)
		s.sends(ctx, f, nil, len(fileData))
		s.gets(ctx, fileData)
	})
}
