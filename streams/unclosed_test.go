package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// drop opens a connection and lets go of what keep does not keep. It is a task
// of its own, so that nothing stays on the test's stack.
func (s *stage) drop(addr string, keep func(r *StreamReader, w *StreamWriter)) (names []string) {
	s.Helper()
	task := s.start(func(ctx context.Context) error {
		r, w, err := OpenConnection(ctx, "tcp", addr, nil)
		if err != nil {
			return err
		}
		t := w.Transport()
		names = []string{fmt.Sprint("sockname=", t.LocalAddr()), fmt.Sprint("peername=", t.RemoteAddr())}
		keep(r, w)
		return nil
	})
	_, err := task.Await(s.ctx)
	s.must(err)
	return names
}

func TestUnclosed(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.039a.unclosed-warning", func(s *stage) {
		s.needs("warnings, which depend on the collector")
		server, addr := s.serve(echo)
		names := s.drop(addr, func(*StreamReader, *StreamWriter) {})
		words := append(names, "level=WARN", "unclosed <StreamWriter transport=<StreamTransport")
		s.until("the warning", func() bool {
			runtime.GC()
			return len(warnings.Lines(words...)) > 0
		})
		s.finish(server) // waits until the connection is closed at both ends
		for range 3 {
			runtime.GC()
			s.passes()
		}
		if found := warnings.Lines(names...); len(found) != 1 {
			s.Errorf("warned of: %q", found)
		}
	})
	overLoops(t, "streams.039b.unclosed-loop-closed-warning", func(s *stage) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.must(err)
		defer listener.Close()
		var left *StreamWriter
		var names []string
		inner := newStage(s.T, nil)
		task := inner.start(func(ctx context.Context) error {
			inner.ctx = ctx
			names = inner.drop(listener.Addr().String(), func(_ *StreamReader, w *StreamWriter) { left = w })
			return nil
		})
		s.elsewhere(func() { s.check(inner.loop.RunUntilComplete(task)) })
		s.check(inner.loop.Close())
		runtime.GC()
		words := append(names, "loop is closed")
		if found := warnings.Lines(words...); len(found) > 0 {
			s.Errorf("warned before it was dropped: %q", found)
		}
		runtime.KeepAlive(left)
		left = nil
		s.until("the warning", func() bool {
			runtime.GC()
			return len(warnings.Lines(words...)) > 0
		})
		if found := warnings.Lines(words...); len(found) != 1 {
			s.Errorf("warned of: %q", found)
		}
	})
	overLoops(t, "streams.707.unclosed-server-writer", func(s *stage) {
		s.needs("warnings, which depend on the collector")
		var names []string
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			t := w.Transport()
			names = []string{fmt.Sprint("sockname=", t.LocalAddr()), fmt.Sprint("peername=", t.RemoteAddr())}
			s.want("hello\n")(r.ReadLine(ctx))
			return nil // and nobody has closed it
		})
		r, w := s.open(addr)
		_, err := w.Write([]byte("hello\n"))
		s.check(err)
		warned := func() []string {
			return warnings.Lines(append(names, "level=WARN", "unclosed <StreamWriter transport=<StreamTransport")...)
		}
		s.until("the handler", func() bool { return names != nil })
		s.until("the warning", func() bool {
			runtime.GC()
			return len(warned()) > 0
		})
		s.wantEnd(r.Read(s.ctx, 1)) // it is closed with the warning
		s.finish(server, w)
		for range 3 {
			runtime.GC()
			s.passes()
		}
		if found := warned(); len(found) != 1 {
			s.Errorf("warned of: %q", found)
		}
	})
	overLoops(t, "what-is-in-use-is-not-closed", func(s *stage) {
		var serving *StreamReader
		finish := asyncio.NewFuture[struct{}](s.loop)
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			serving = r
			s.want("all\n")(r.ReadLine(ctx)) // and nothing with w
			serving = nil
			_, err := finish.Await(ctx) // and nothing with r any more
			return err
		})
		var r *StreamReader
		s.drop(addr, func(kept *StreamReader, _ *StreamWriter) { r = kept })
		s.until("the handler", func() bool { return serving != nil })
		for range 3 {
			runtime.GC()
			s.passes()
		}
		if r.AtEOF() || serving.AtEOF() {
			s.Error("one half was dropped, and the connection is closed")
		}
		whole := Conn(s.ctx, r, &r.writer)
		r = nil
		_, err := whole.Write([]byte("all\n"))
		s.check(err)
		s.until("the handler", func() bool { return serving == nil })
		for range 3 {
			runtime.GC()
			s.passes()
		}
		_, err = whole.Write([]byte("still there?"))
		s.check(err)
		if whole.(*conn).r.AtEOF() {
			s.Error("the handler runs, and its connection is closed")
		}
		s.check(errors.Join(whole.Close(), finish.SetResult(struct{}{})))
		server.AbortClients() // what the handler has left
		s.finish(server)
	})
	overLoops(t, "closed-or-lost-is-no-warning", func(s *stage) {
		server, addr := s.serve(echo)
		closed := s.drop(addr, func(_ *StreamReader, w *StreamWriter) { s.check(w.Close()) })
		aborted := s.drop(addr, func(_ *StreamReader, w *StreamWriter) { w.Transport().Abort() })
		for range 3 {
			runtime.GC()
			s.passes()
		}
		s.finish(server)
		for _, names := range [][]string{closed, aborted} {
			if found := warnings.Lines(names...); len(found) > 0 {
				s.Errorf("warned of: %q", found)
			}
		}
	})
	overLoops(t, "closing-is-no-warning", func(s *stage) {
		for _, closing := range []bool{true, false} {
			f, err := NewFlowControl()
			s.must(err)
			v := &valve{closing: closing, addr: fmt.Sprintf("%s-%v", s.Name(), closing)}
			lineOver(v, f).dropped()
			s.passes()
			if found := warnings.Lines("sockname=" + v.addr); (len(found) == 0) != closing || !v.closing {
				s.Errorf("closing %v: warned of %q, closing now %v", closing, found, v.closing)
			}
		}
	})
	t.Run("lost-before-the-loop-was-closed", func(t *testing.T) {
		t.Parallel()
		loop, err := asyncio.NewSelectorEventLoop(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := loop.Close(); err != nil {
			t.Fatal(err)
		}
		for _, lost := range []bool{true, false} {
			f, v := &FlowControl{loop: loop}, &valve{addr: fmt.Sprintf("%s-%v", t.Name(), lost)}
			if lost {
				f.ConnectionLost(nil)
			}
			lineOver(v, f).dropped()
			if found := warnings.Lines("sockname=" + v.addr); (len(found) == 0) != lost {
				t.Errorf("lost %v: warned of %q", lost, found)
			}
		}
	})
	overLoops(t, "dropped-before-there-was-a-connection", func(s *stage) {
		s.needs("warnings, which depend on the collector")
		s.expectReports = true
		p, err := NewStreamReaderProtocol(s.reader(DefaultLimit), nil)
		s.must(err)
		s.until("the reader to be collected", func() bool {
			runtime.GC()
			return p.in.fate.Load()&dropped != 0
		})
		v := &valve{}
		p.ConnectionMade(v)
		if reports := s.reported(); len(reports) != 1 || !v.aborted {
			s.Errorf("aborted: %v, reported: %v", v.aborted, reports)
		}
		p.DataReceived([]byte("x"))
		p.EOFReceived()
		p.ConnectionLost(nil)
	})
}

// elsewhere runs f on a goroutine that is no loop's, and waits.
func (s *stage) elsewhere(f func()) {
	s.Helper()
	_, err := asyncio.ToThread(s.ctx, func() (struct{}, error) {
		f()
		return struct{}{}, nil
	})
	s.check(err)
}

// lineOver is what a writer over the transport has.
func lineOver(t asyncio.Transport, f *FlowControl) *line {
	l := new(line)
	l.begin(t, f)
	return l
}
