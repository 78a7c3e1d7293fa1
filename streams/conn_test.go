package streams

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// instant is long enough to be in the future.
const instant = 5 * time.Millisecond

// TestNettest has other goroutines use both ends of a connection while the loop
// runs.
func TestNettest(t *testing.T) {
	t.Parallel()
	eachLoop(t, func(t *testing.T, open opener) {
		s := newStage(t, open)
		s.runLoop()
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			c1, c2, err = s.connect(context.Background())
			return c1, c2, func() { closeBoth(c1, c2) }, err
		})
	})
}

// TestNettestUnix is TestNettest over unix sockets.
func TestNettestUnix(t *testing.T) {
	t.Parallel()
	if !testkit.HasUnixSockets() {
		return // there is nothing to test
	}
	eachLoop(t, func(t *testing.T, open opener) {
		s := newStage(t, open)
		s.runLoop()
		path := testkit.SocketPath(t)
		var made atomic.Int32
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			c1, c2, err = s.connectOver(context.Background(), "unix", fmt.Sprint(path, made.Add(1)))
			return c1, c2, func() { closeBoth(c1, c2) }, err
		})
	})
}

func closeBoth(c1, c2 net.Conn) {
	c1.Close()
	c2.Close()
}

// connect makes a connection whose two ends are Conns of the loop. It can be
// called from outside the loop.
func (s *stage) connect(ctx context.Context, more ...Option) (client, server net.Conn, err error) {
	return s.connectOver(ctx, "tcp", "127.0.0.1:0", more...)
}

// connectOver is connect over a network.
func (s *stage) connectOver(ctx context.Context, network, address string, more ...Option) (client, server net.Conn, err error) {
	a, b, err := s.pair(ctx, network, address, nil, nil, more...)
	if err != nil {
		return nil, nil, err
	}
	return Conn(ctx, a.r, a.w), Conn(ctx, b.r, b.w), nil
}

// end is one end of a connection.
type end struct {
	r *StreamReader
	w *StreamWriter
}

// pair makes a connection between two ends of the loop. It can be called from outside the
// loop.
func (s *stage) pair(ctx context.Context, network, address string, forClient *asyncio.ConnectionOptions, forServer *asyncio.ServerOptions, more ...Option) (client, server end, err error) {
	more = append(more, WithLoop(s.loop))
	accepted := asyncio.NewFuture[end](s.loop)
	listener, err := StartServer(ctx, func(_ context.Context, r *StreamReader, w *StreamWriter) error {
		return accepted.SetResult(end{r, w})
	}, network, address, forServer, more...)
	if err != nil {
		return client, server, err
	}
	defer listener.Close()
	client.r, client.w, err = OpenConnection(ctx, network, listener.Addrs()[0].String(), forClient, more...)
	if err != nil {
		return client, server, err
	}
	server, err = accepted.Await(ctx)
	return client, server, err
}

// conns is connect for a coroutine.
func (s *stage) conns() (client, server net.Conn) {
	s.Helper()
	client, server, err := s.connect(s.ctx)
	s.must(err)
	s.Cleanup(func() { s.check(errors.Join(client.Close(), server.Close())) })
	return client, server
}

func TestConnInCoroutines(t *testing.T) {
	t.Parallel()
	overLoops(t, "http", func(s *stage) {
		client, server := s.conns()
		serving := s.start(func(context.Context) error {
			defer server.Close()
			req, err := http.ReadRequest(bufio.NewReader(server))
			if err != nil {
				return err
			}
			body := bytes.Repeat([]byte("a"), 1<<20)
			return (&http.Response{
				StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Request: req,
				ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
			}).Write(server)
		})
		req, err := http.NewRequest("GET", "http://example.test/", nil)
		s.must(err)
		s.check(req.Write(client))
		resp, err := http.ReadResponse(bufio.NewReader(client), req)
		s.must(err)
		body, err := io.ReadAll(resp.Body)
		if len(body) != 1<<20 || err != nil {
			s.Errorf("%d bytes, %v", len(body), err)
		}
		_, err = serving.Await(s.ctx)
		s.check(err)
	})
	overLoops(t, "cancellation", func(s *stage) {
		client, _ := s.conns()
		var read error
		task := s.start(func(ctx context.Context) error {
			_, read = Conn(ctx, client.(*conn).r, client.(*conn).w).Read(make([]byte, 1))
			return read
		})
		s.passes()
		task.Cancel()
		_, err := task.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		if e := (*net.OpError)(nil); !errors.As(read, &e) || !task.Cancelled() {
			s.Errorf("error %v, task %v", read, task)
		}
	})
	overLoops(t, "deadlines", func(s *stage) {
		client, server := s.conns()
		for name, set := range map[string]func(time.Time) error{"both": client.SetDeadline, "read": client.SetReadDeadline} {
			s.check(set(time.Now().Add(instant)))
			_, err := client.Read(make([]byte, 1))
			s.wantTimeout(name, err)
			s.check(set(time.Now().Add(-1)))
			_, err = client.Read(make([]byte, 1))
			s.wantTimeout(name, err)
			s.check(set(time.Time{}))
			task := s.start(func(context.Context) error {
				_, err := client.Read(make([]byte, 1))
				return err
			})
			s.passes()
			s.check(set(time.Now().Add(instant))) // while it waits
			_, err = task.Await(s.ctx)
			s.wantTimeout(name, err)
			s.check(set(time.Unix(1<<40, 0))) // never
			_, err = server.Write([]byte("x"))
			s.check(err)
			_, err = client.Read(make([]byte, 1))
			s.check(err)
		}
		s.check(client.SetWriteDeadline(time.Now().Add(-1)))
		n, err := client.Write([]byte("late"))
		if s.wantTimeout("write", err); n != 0 {
			s.Errorf("wrote %d bytes", n)
		}
	})
	overLoops(t, "write-to-a-peer-that-does-not-read", func(s *stage) {
		client, _ := s.conns()
		s.check(client.SetWriteDeadline(time.Now().Add(20 * instant)))
		total := 0
		var err error
		for err == nil {
			var n int
			n, err = client.Write(make([]byte, 300_000))
			total += n
		}
		s.wantTimeout("write", err)
		if size := client.(*conn).w.Transport().GetWriteBufferSize(); total == 0 || size > 3*writeChunk {
			s.Errorf("%d bytes are buffered of %d", size, total)
		}
		client.(*conn).w.Transport().Abort()
	})
	overLoops(t, "close-ends-what-waits", func(s *stage) {
		client, server := s.conns()
		var tasks []*asyncio.Task[struct{}]
		for range 3 {
			tasks = append(tasks, s.start(func(context.Context) error {
				_, err := client.Read(make([]byte, 1))
				return err
			}), s.start(func(context.Context) error {
				var err error
				for err == nil {
					_, err = client.Write(make([]byte, 100_000))
				}
				return err
			}))
		}
		s.until("the writer to be held up", func() bool { return client.(*conn).w.flow.paused })
		s.passes()
		s.check(client.Close())
		for _, task := range tasks {
			_, err := task.Await(s.ctx)
			s.wantError(err, net.ErrClosed)
		}
		s.wantError(client.SetDeadline(time.Time{}), net.ErrClosed)
		s.check(client.Close())
		client.(*conn).w.Transport().Abort()
		_, err := io.Copy(io.Discard, server)
		s.check(err)
	})
	overLoops(t, "turns-are-in-order", func(s *stage) {
		client, server := s.conns()
		const readers = 10
		got := make([]byte, readers)
		var tasks []*asyncio.Task[struct{}]
		for i := range readers {
			tasks = append(tasks, s.start(func(context.Context) error {
				_, err := client.Read(got[i : i+1])
				return err
			}))
		}
		s.passes()
		tasks[3].Cancel() // gives its place up
		_, err := server.Write([]byte("abcdefghi"))
		s.check(err)
		for i, task := range tasks {
			if _, err := task.Await(s.ctx); i == 3 {
				s.wantError(err, asyncio.ErrCancelled)
			} else {
				s.check(err)
			}
		}
		if string(got) != "abc\x00defghi" {
			s.Errorf("read %q", got)
		}
	})
	overLoops(t, "cancelled-just-when-the-turn-comes", func(s *stage) {
		client, server := s.conns()
		read := func(context.Context) error {
			_, err := client.Read(make([]byte, 1))
			return err
		}
		var second *asyncio.Task[struct{}]
		first := s.start(func(ctx context.Context) error {
			err := read(ctx)
			second.Cancel()
			return err
		})
		second = s.start(read)
		third := s.start(read)
		s.passes()
		_, err := server.Write([]byte("ab"))
		s.check(err)
		_, err = first.Await(s.ctx)
		s.check(err)
		_, err = second.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		_, err = third.Await(s.ctx)
		s.check(err)
	})
	overLoops(t, "deadline-of-all-who-wait", func(s *stage) {
		client, _ := s.conns()
		var tasks []*asyncio.Task[struct{}]
		for range 4 {
			tasks = append(tasks, s.start(func(context.Context) error {
				_, err := client.Read(make([]byte, 1))
				return err
			}))
		}
		s.passes()
		s.check(client.SetDeadline(time.Now().Add(instant)))
		for _, task := range tasks {
			_, err := task.Await(s.ctx)
			s.wantTimeout("read", err)
		}
	})
	overLoops(t, "close-write", func(s *stage) {
		client, server := s.conns()
		_, err := client.Write([]byte("question"))
		s.check(err)
		s.check(client.(interface{ CloseWrite() error }).CloseWrite())
		p, err := io.ReadAll(server)
		s.want("question")(p, err)
		_, err = server.Write([]byte("answer"))
		s.check(errors.Join(err, server.Close()))
		p, err = io.ReadAll(client)
		s.want("answer")(p, err)
		_, err = server.Write([]byte("late"))
		s.wantError(err, net.ErrClosed)
	})
	overLoops(t, "in-a-callback", func(s *stage) {
		client, server := s.conns()
		done := asyncio.NewFuture[struct{}](s.loop)
		s.soon(func() {
			_, err := client.Read(make([]byte, 1))
			s.wantError(err, asyncio.ErrAwaitInCallback)
			_, err = client.Write([]byte("x"))
			s.check(errors.Join(err, done.SetResult(struct{}{})))
		})
		_, err := done.Await(s.ctx)
		s.check(err)
		_, err = server.Read(make([]byte, 1))
		s.check(err)
	})
	overLoops(t, "lost-connection", func(s *stage) {
		client, server := s.conns()
		server.(*conn).w.Transport().Abort()
		s.must(server.(*conn).w.WaitClosed(s.ctx))
		_, err := server.Write([]byte("x"))
		s.wantError(err, ErrConnectionLost)
		_, err = server.Read(make([]byte, 1))
		if err != io.EOF {
			s.Errorf("error %v", err)
		}
		_, err = client.Read(nil)
		s.check(err)
		_, err = client.Write(nil)
		s.check(err)
	})
	overLoops(t, "another-loop's-coroutine", func(s *stage) {
		client, _ := s.conns()
		other := newStage(s.T, nil)
		other.runLoop()
		there := asyncio.RunCoroutineThreadsafe(other.loop, func(ctx context.Context) (struct{}, error) {
			_, err := client.Read(make([]byte, 1))
			s.wantError(err, asyncio.ErrWrongLoop)
			s.check(client.SetReadDeadline(time.Now().Add(time.Hour)))
			_, err = client.Read(make([]byte, 1))
			s.wantError(err, asyncio.ErrWrongLoop)
			_, err = client.Write([]byte("x"))
			s.wantError(err, asyncio.ErrWrongLoop)
			s.wantError(client.(*conn).w.Drain(ctx), asyncio.ErrWrongLoop)
			return struct{}{}, nil
		})
		_, err := asyncio.ToThread(s.ctx, func() (struct{}, error) { return there.Await(context.Background()) })
		s.check(err)
	})
}

func (s *stage) wantTimeout(what string, err error) {
	s.Helper()
	var e net.Error
	if !errors.As(err, &e) || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		s.Errorf("%s: error %v", what, err)
	}
}

// TestConnFromOutside: goroutines of their own use connections of a loop that
// runs, or is closed under them.
func TestConnFromOutside(t *testing.T) {
	t.Parallel()
	t.Run("every-byte-in-order", func(t *testing.T) {
		t.Parallel()
		eachLoop(t, func(t *testing.T, open opener) {
			s := newStage(t, open)
			s.runLoop()
			// The least limit: the transport is paused and resumed for every piece.
			client, server, err := s.connect(context.Background(), WithLimit(1))
			s.must(err)
			const total = 4 << 20
			sent, came := sha256.New(), sha256.New()
			var writing sync.WaitGroup
			writing.Go(func() {
				random := rand.New(rand.NewSource(1))
				_, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(client, sent)}, io.LimitReader(random, total), make([]byte, 70_001))
				s.check(errors.Join(err, client.Close()))
			})
			n, err := io.CopyBuffer(struct{ io.Writer }{came}, server, make([]byte, 9_999))
			s.check(err)
			writing.Wait()
			if n != total || !bytes.Equal(sent.Sum(nil), came.Sum(nil)) {
				s.Errorf("%d bytes came", n)
			}
			s.check(server.Close())
		})
	})
	t.Run("streams-from-outside", func(t *testing.T) {
		t.Parallel()
		eachLoop(t, func(t *testing.T, open opener) {
			s := newStage(t, open)
			s.runLoop()
			s.ctx = context.Background()
			client, server, err := s.connect(s.ctx)
			s.must(err)
			w := client.(*conn).w
			_, err = w.Write([]byte("x"))
			s.wantError(err, asyncio.ErrWrongGoroutine)
			s.wantError(w.Close(), asyncio.ErrWrongGoroutine)
			s.check(w.Drain(s.ctx))
			s.drainFor(w, instant)
			_, err = client.Write([]byte("hello\nworld"))
			s.check(err)
			r := server.(*conn).r
			s.want("hello\n")(r.ReadLine(s.ctx))
			s.want("wor")(r.ReadExactly(s.ctx, 3))
			ctx, cancel := context.WithTimeout(s.ctx, instant)
			defer cancel()
			_, err = r.ReadLine(ctx)
			s.wantError(err, context.DeadlineExceeded)
			s.check(client.Close())
			s.check(w.WaitClosed(s.ctx))
			s.wantError(w.Drain(s.ctx), ErrConnectionLost)
			s.want("ld")(r.ReadAll(s.ctx))
			s.check(server.Close())
		})
	})
	t.Run("loop-closed-over-coroutines", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		s.expectReports = true // of tasks that were not done
		var ended []string
		wait := func(what string, c net.Conn, f func(ctx context.Context) error) {
			s.start(func(ctx context.Context) error {
				defer func() {
					if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) { // by who was unwound first
						s.wantError(err, asyncio.ErrLoopClosed)
					}
					_, err := c.(*conn).r.Peek(ctx, 1)
					s.wantError(err, asyncio.ErrLoopClosed)
					s.check(c.Close())
					ended = append(ended, what)
				}()
				err := f(ctx)
				s.Errorf("%s came back: %v", what, err)
				return err
			})
		}
		task := s.start(func(ctx context.Context) error {
			s.ctx = ctx
			for range 2 {
				client, _, err := s.connect(ctx)
				if err != nil {
					return err
				}
				c := client.(*conn)
				wait("reader", c, func(ctx context.Context) error { _, err := c.r.ReadLine(ctx); return err })
				wait("closed", c, c.w.WaitClosed)
				client, _, err = s.connect(ctx)
				if err != nil {
					return err
				}
				wait("conn", client, func(context.Context) error { _, err := client.Read(make([]byte, 1)); return err })
				wait("turn", client, func(context.Context) error { _, err := client.Read(make([]byte, 1)); return err })
				other, _, err := s.connect(ctx)
				if err != nil {
					return err
				}
				wait("writer", other, func(ctx context.Context) (err error) {
					for err == nil {
						_, err = other.Write(make([]byte, 100_000))
					}
					return err
				})
				s.until("the writer to be held up", func() bool {
					f := other.(*conn).w.flow
					f.mu.Lock()
					defer f.mu.Unlock()
					return f.rest().writers.Len() > 0
				})
			}
			return nil
		})
		s.must(s.loop.RunUntilComplete(task))
		s.check(s.loop.Close())
		if len(ended) != 10 {
			s.Errorf("ended: %v", ended)
		}
	})
	t.Run("loop-closed", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		s.ctx = context.Background()
		setUp := make(chan struct{})
		ended := make(chan struct{})
		var client, server net.Conn
		go func() {
			defer close(ended)
			<-setUp
			_, err := client.Read(make([]byte, 1))
			s.wantError(err, asyncio.ErrLoopClosed)
			_, err = client.Write([]byte("x"))
			s.wantError(err, asyncio.ErrLoopClosed)
			s.wantError(client.(*conn).w.WaitClosed(s.ctx), asyncio.ErrLoopClosed)
			s.check(client.Close())
			s.check(server.Close())
		}()
		task := s.start(func(ctx context.Context) (err error) {
			client, server, err = s.connect(ctx)
			return err
		})
		// Closing first would be the easy case: the goroutine is to wait already.
		s.must(s.loop.RunUntilComplete(task))
		client.(*conn).ctx = s.ctx
		close(setUp)
		for waits := false; !waits; time.Sleep(time.Millisecond) {
			r := client.(*conn).r
			r.mu.Lock()
			waits = r.waiters.Len() > 0
			r.mu.Unlock()
		}
		s.check(s.loop.Close())
		<-ended
	})
}

// drainFor has the goroutine that calls it, which is no loop's, drain in vain.
func (s *stage) drainFor(w *StreamWriter, d time.Duration) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w.flow.PauseWriting()
	s.wantError(w.Drain(ctx), context.DeadlineExceeded)
	gone := asyncio.RunCoroutineThreadsafe(s.loop, func(ctx context.Context) (struct{}, error) {
		for {
			w.flow.mu.Lock()
			waits := w.flow.rest().drains.Len() > 0
			w.flow.mu.Unlock()
			if !waits {
				return struct{}{}, nil
			}
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return struct{}{}, err
			}
		}
	})
	_, err := gone.Await(context.Background())
	s.check(err)
	w.flow.ResumeWriting()
}
