package streams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.001.open-connection", func(s *stage) {
		s.needs("sockets of package net")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.must(err)
		defer listener.Close()
		served := make(chan error, 1)
		go func() { served <- answerOnce(listener) }()
		r, w := s.open(listener.Addr().String())
		_, err = w.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		s.check(err)
		s.want("HTTP/1.0 200 OK\r\n")(r.ReadLine(s.ctx))
		s.want("Content-Type: text/plain\r\n\r\nTest message")(r.ReadAll(s.ctx))
		s.check(w.Close())
		s.check(w.WaitClosed(s.ctx))
		s.check(<-served)
	})
	overLoops(t, "open-connection-refused", func(s *stage) {
		if _, _, err := OpenConnection(s.ctx, "tcp", testkit.Unserved(s), nil); err == nil {
			s.Error("connected to nobody")
		}
	})
	overLoops(t, "streams.028.start-server", func(s *stage) {
		s.needs("sockets of package net")
		server, addr := s.serve(echo)
		r, w := s.open(addr)
		_, err := w.Write([]byte("hello world!\n"))
		s.check(err)
		s.check(w.Drain(s.ctx))
		s.want("hello world!\n")(r.ReadLine(s.ctx))
		s.check(w.Close())
		s.check(w.WaitClosed(s.ctx))

		// A listening socket that is given, and a handler without an error.
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.must(err)
		given, err := StartServer(s.ctx, func(ctx context.Context, r *StreamReader, w *StreamWriter) {
			s.check(echo(ctx, r, w))
		}, "", "", &asyncio.ServerOptions{Listener: listener})
		s.must(errors.Join(err, listener.Close()))
		r, w = s.open(given.Addrs()[0].String())
		_, err = w.Write([]byte("hello again!\n"))
		s.check(err)
		s.want("hello again!\n")(r.ReadLine(s.ctx))
		s.finish(server, w)
		s.finish(given)
	})
	unixOverLoops(t, "streams.001.open-connection/unix", func(s *stage, path string) {
		s.needs("sockets of package net")
		listener, err := net.Listen("unix", path)
		s.must(err)
		defer listener.Close()
		served := make(chan error, 1)
		go func() { served <- answerOnce(listener) }()
		r, w, err := OpenUnixConnection(s.ctx, path, nil)
		s.must(err)
		_, err = w.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		s.check(err)
		s.want("HTTP/1.0 200 OK\r\n")(r.ReadLine(s.ctx))
		s.want("Content-Type: text/plain\r\n\r\nTest message")(r.ReadAll(s.ctx))
		s.check(w.Close())
		s.check(w.WaitClosed(s.ctx))
		s.check(<-served)
	})
	unixOverLoops(t, "streams.028.start-server/unix", func(s *stage, path string) {
		s.needs("sockets of package net")
		server, err := StartUnixServer(s.ctx, echo, path, nil)
		s.must(err)
		for _, open := range []func() (*StreamReader, *StreamWriter, error){
			func() (*StreamReader, *StreamWriter, error) { return OpenUnixConnection(s.ctx, path, nil) },
			func() (*StreamReader, *StreamWriter, error) { return OpenConnection(s.ctx, "unix", path, nil) },
		} {
			r, w, err := open()
			s.must(err)
			_, err = w.Write([]byte("hello world!\n"))
			s.check(err)
			s.want("hello world!\n")(r.ReadLine(s.ctx))
			who, ok := w.GetExtraInfo("peercred").(asyncio.PeerCredentials)
			if !ok || who.UID != os.Geteuid() {
				s.Errorf("the peer is %+v", who)
			}
			s.check(w.Close())
		}
		s.finish(server)
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			s.Errorf("the file: %v", err)
		}
		// A given socket, and the network's name.
		listener, err := net.Listen("unix", path)
		s.must(err)
		given, err := StartServer(s.ctx, echo, "unix", "", &asyncio.ServerOptions{Listener: listener})
		s.must(err)
		r, w, err := OpenConnection(s.ctx, "unix", path, nil)
		s.must(err)
		_, err = w.Write([]byte("hello again!\n"))
		s.check(err)
		s.want("hello again!\n")(r.ReadLine(s.ctx))
		s.finish(given, w)
		s.check(listener.Close())
	})
	overLoops(t, "unix-refuses", func(s *stage) {
		_, err := StartUnixServer(s.ctx, handlerFunc(nil), "here", nil)
		s.wantError(err, asyncio.ErrInvalidArgument)
		_, err = StartUnixServer(s.ctx, echo, "here", nil, WithLimit(0))
		s.wantError(err, asyncio.ErrInvalidArgument)
		_, _, err = OpenUnixConnection(s.ctx, "here", nil, WithLimit(-1))
		s.wantError(err, asyncio.ErrInvalidArgument)
		_, _, err = OpenUnixConnection(s.ctx, "", nil)
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
	overLoops(t, "server-with-nil-handler", func(s *stage) {
		_, err := StartServer(s.ctx, handlerFunc(nil), "tcp", "127.0.0.1:0", nil)
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
	overLoops(t, "streams.036.writer-api-quiet", func(s *stage) {
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			all, err := r.ReadAll(ctx)
			s.want("ping")(all, err)
			_, err = w.Write([]byte("pong"))
			return errors.Join(err, w.Close())
		})
		r, w := s.open(addr)
		s.check(w.WriteLines([][]byte{[]byte("pi"), []byte("ng")}))
		s.check(w.Drain(s.ctx))
		if !w.CanWriteEOF() {
			s.Error("cannot end one direction")
		}
		s.check(w.WriteEOF())
		s.want("pong")(r.ReadAll(s.ctx))
		if w.GetExtraInfo("peername").(net.Addr).String() != addr {
			s.Errorf("the peer's name is %v", w.GetExtraInfo("peername"))
		}
		s.finish(server, w)
		s.check(w.WaitClosed(s.ctx))
	})
	overLoops(t, "streams.035a.wait-closed", func(s *stage) {
		server, addr := s.serve(echo)
		r, w := s.open(addr)
		if w.IsClosing() {
			s.Error("closing before it was asked to")
		}
		_, err := w.Write([]byte("abc\n"))
		s.check(err)
		s.want("abc\n")(r.ReadLine(s.ctx))
		s.check(w.Close())
		if !w.IsClosing() {
			s.Error("not closing")
		}
		s.check(w.WaitClosed(s.ctx))
		if !w.flow.lost {
			s.Error("closed, but not lost")
		}
		s.check(w.WaitClosed(s.ctx))
		s.finish(server)
	})
	overLoops(t, "streams.035b.wait-closed-unread", func(s *stage) {
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			_, err := w.Write(bytes.Repeat([]byte("x"), 1000))
			return errors.Join(err, w.Close())
		})
		r, w := s.open(addr)
		s.until("data", func() bool { return r.Buffered() == 1000 })
		s.check(w.Close())
		s.check(w.WaitClosed(s.ctx))
		s.finish(server)
	})
	overLoops(t, "streams.037.write-after-close", func(s *stage) {
		server, addr := s.serve(echo)
		_, w := s.open(addr)
		s.check(w.Close())
		_, _ = w.Write([]byte("late")) // may fail: what counts is Drain
		err := w.Drain(s.ctx)
		s.wantError(err, syscall.ECONNRESET)
		s.wantError(err, ErrConnectionLost)
		s.finish(server)
	})
	overLoops(t, "streams.038.eof-on-own-close", func(s *stage) {
		server, addr := s.serve(echo)
		r, w := s.open(addr)
		s.check(w.Close())
		s.check(w.WaitClosed(s.ctx))
		if !r.AtEOF() {
			s.Error("not at the end")
		}
		s.wantEnd(r.Read(s.ctx, 1))
		s.finish(server)
	})
	overLoops(t, "own-close-wakes-own-reader", func(s *stage) {
		server, addr := s.serve(echo)
		r, w := s.open(addr)
		task := s.start(func(ctx context.Context) error {
			s.wantEnd(r.Read(ctx, 1))
			return nil
		})
		s.passes()
		s.check(w.Close())
		_, err := task.Await(s.ctx)
		s.check(err)
		s.finish(server)
	})
	overLoops(t, "streams.033.drain-raises", func(s *stage) {
		s.needs("sockets of package net")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.must(err)
		defer listener.Close()
		_, w := s.open(listener.Addr().String())
		peer, err := listener.Accept() // the system has connected it already
		s.must(err)
		s.must(peer.Close())
		for i := 0; err == nil && i < 1_000_000; i++ {
			_, _ = w.Write([]byte("data")) // it says so too, but the row is about Drain
			err = w.Drain(s.ctx)
		}
		if !slices.ContainsFunc(lost, func(e error) bool { return errors.Is(err, e) }) {
			s.Errorf("error %v", err)
		}
		s.check(w.Close())
	})
	overLoops(t, "limits-keep-memory-bounded", func(s *stage) {
		const total, limit = 4 << 20, 1 << 10
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			piece := make([]byte, 10_000)
			for sent := 0; sent < total; {
				n, err := w.Write(piece[:min(len(piece), total-sent)])
				if err != nil {
					return err
				}
				sent += n
				if err := w.Drain(ctx); err != nil {
					return err
				}
			}
			return w.Close()
		})
		r, w := s.open(addr, WithLimit(limit))
		for n, most := 0, 0; ; {
			p, err := r.Read(s.ctx, 3000)
			if err != nil {
				s.wantEnd(p, err)
				if n != total || most > 1<<20 {
					s.Errorf("%d bytes came, of %d; at most %d were buffered", n, total, most)
				}
				break
			}
			n += len(p)
			most = max(most, r.Buffered())
		}
		s.finish(server, w)
	})
}

// answerOnce plays a peer for one connection.
func answerOnce(listener net.Listener) error {
	c, err := listener.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	request := make([]byte, len("GET / HTTP/1.0\r\n\r\n"))
	if _, err := c.Read(request); err != nil {
		return err
	}
	_, err = fmt.Fprint(c, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nTest message")
	return err
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.040.handler-exception", func(s *stage) {
		s.expectReports = true
		for name, fail := range map[string]func() error{
			"error": func() error { return errBoom },
			"panic": func() error { panic(errBoom) },
		} {
			var serving *StreamWriter
			server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
				serving = w
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				return fail()
			})
			r, w := s.open(addr)
			s.wantEnd(r.Read(s.ctx, 1))
			reports := s.reported()
			if len(reports) != 1 || reports[0].Message != "Unhandled exception in client_connected_cb" ||
				!errors.Is(reports[0].Err, errBoom) || reports[0].Transport != serving.Transport() {
				s.Errorf("%s: reported %+v", name, reports)
			}
			if !serving.IsClosing() {
				s.Errorf("%s: the connection is open", name)
			}
			s.finish(server, w)
			s.reports = nil
		}
	})
	overLoops(t, "streams.708.handler-cancelled-quiet", func(s *stage) {
		var serving asyncio.AnyTask
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			serving = asyncio.CurrentTask()
			_, err := r.Read(ctx, 1)
			return err
		})
		r, w := s.open(addr)
		s.until("the handler", func() bool { return serving != nil })
		serving.Cancel()
		s.wantEnd(r.Read(s.ctx, 1))
		s.finish(server, w)
	})
	overLoops(t, "handler-leaves-its-connection", func(s *stage) {
		left := make(chan *StreamWriter, 1)
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			left <- w
			return nil
		})
		r, w := s.open(addr)
		s.until("the handler", func() bool { return len(left) > 0 })
		s.passes()
		other := <-left
		_, err := other.Write([]byte("still here\n"))
		s.check(err)
		s.want("still here\n")(r.ReadLine(s.ctx))
		s.finish(server, w, other)
	})
	t.Run("streams.046.eof-tls-stream", func(t *testing.T) {
		t.Parallel()
		for name, info := range map[string]map[string]any{"plain": nil, "tls": {"sslcontext": "a context"}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(t, nil, func(s *stage) {
					r := s.reader(DefaultLimit)
					p, err := NewStreamReaderProtocol(r, nil)
					s.must(err)
					p.ConnectionMade(&valve{info: info})
					p.DataReceived([]byte("last"))
					if open := p.EOFReceived(); open != (info == nil) {
						s.Errorf("stays open: %v", open)
					}
					s.want("last")(r.ReadAll(s.ctx))
				})
			})
		}
	})
	overLoops(t, "protocol-without-reader", func(s *stage) {
		p, err := NewStreamReaderProtocol(nil, nil)
		s.must(err)
		v := &valve{}
		p.ConnectionMade(v)
		p.DataReceived([]byte("x"))
		p.EOFReceived()
		p.ConnectionLost(nil)
		if v.aborted {
			s.Error("aborted")
		}
	})
	overLoops(t, "reader-given-twice", func(s *stage) {
		s.expectReports = true
		r := s.reader(DefaultLimit)
		for i, want := range []bool{false, true} {
			p, err := NewStreamReaderProtocol(r, nil)
			s.must(err)
			v := &valve{}
			p.ConnectionMade(v)
			if v.aborted != want || len(s.reported()) != i {
				s.Errorf("aborted: %v, reported: %v", v.aborted, s.reported())
			}
		}
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	type drain struct {
		*stage
		v *valve
		p *StreamReaderProtocol
		r *StreamReader
		w *StreamWriter
	}
	make := func(s *stage) drain {
		r := s.reader(DefaultLimit)
		p, err := NewStreamReaderProtocol(r, nil)
		s.must(err)
		v := &valve{}
		p.ConnectionMade(v)
		w, err := NewStreamWriter(v, p, r)
		s.must(err)
		s.Cleanup(func() { s.check(w.Close()) })
		return drain{s, v, p, r, w}
	}
	overLoops(t, "streams.032.multiple-drain", func(s *stage) {
		d := make(s)
		d.p.PauseWriting()
		var order []int
		var tasks []*asyncio.Task[struct{}]
		for i := range 10 {
			tasks = append(tasks, s.start(func(ctx context.Context) error {
				err := d.w.Drain(ctx)
				order = append(order, i)
				return err
			}))
		}
		s.passes()
		if len(order) > 0 {
			s.Error("drained while writing is paused")
		}
		d.p.ResumeWriting()
		d.p.PauseWriting() // who was woken does not wait again
		for _, task := range tasks {
			_, err := task.Await(s.ctx)
			s.check(err)
		}
		if got := fmt.Sprint(order); got != "[0 1 2 3 4 5 6 7 8 9]" {
			s.Errorf("woken in the order %s", got)
		}
	})
	overLoops(t, "streams.044.drain-reader-error", func(s *stage) {
		d := make(s)
		s.check(d.w.Drain(s.ctx))
		d.v.closing = true
		turned := false
		s.soon(func() { turned = true; d.p.ConnectionLost(nil) })
		s.wantError(d.w.Drain(s.ctx), ErrConnectionLost)
		if !turned {
			s.Error("it did not give way")
		}
		d.r.SetException(errBoom)
		s.wantError(d.w.Drain(s.ctx), errBoom)
	})
	overLoops(t, "streams.045.drain-woken-by-loss", func(s *stage) {
		for _, reason := range []error{nil, errBoom} {
			d := make(s)
			d.p.PauseWriting()
			var tasks []*asyncio.Task[struct{}]
			for range 3 {
				tasks = append(tasks, s.start(d.w.Drain), s.start(d.w.WaitClosed))
			}
			s.passes()
			d.p.ConnectionLost(reason)
			for _, task := range tasks {
				if _, err := task.Await(s.ctx); err != reason {
					s.Errorf("lost by %v: %v", reason, err)
				}
			}
			err := d.w.Drain(s.ctx)
			if reason == nil {
				s.wantError(err, syscall.ECONNRESET)
			} else {
				s.wantError(err, reason) // the reader's exception comes first
			}
			if err := d.w.WaitClosed(s.ctx); err != reason {
				s.Errorf("wait closed: %v", err)
			}
		}
	})
	overLoops(t, "cancelled-drain", func(s *stage) {
		d := make(s)
		d.p.PauseWriting()
		cancelled, other := s.start(d.w.Drain), s.start(d.w.Drain)
		s.passes()
		cancelled.Cancel()
		_, err := cancelled.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		d.p.ResumeWriting()
		_, err = other.Await(s.ctx)
		s.check(err)
		if d.p.rest().drains.Len() > 0 {
			s.Error("somebody is still in the list")
		}
	})
	overLoops(t, "writer-needs-its-parts", func(s *stage) {
		_, err := NewStreamWriter(nil, nil, nil)
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
	overLoops(t, "string", func(s *stage) {
		d := make(s)
		if got := d.w.String(); !strings.HasPrefix(got, "<StreamWriter transport=<valve> reader=<StreamReader") {
			s.Error(got)
		}
	})
}
