package asyncio

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// errOdd is no error of the system's.
var errOdd = errors.New("odd")

// TestTransportScripted proves what needs a system call to do as it is told.
func TestTransportScripted(t *testing.T) {
	t.Parallel()
	overFake(t, "selev.019.transport-ctor", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		if tr.loop != &n.l.baseLoop || tr.stream != engine.Stream(fs) || tr.GetExtraInfo("socket") != any(uintptr(12345)) {
			n.Error("the transport does not know its loop, stream and descriptor")
		}
		fs.fd = 0
		tr.Abort()
	})
	overFake(t, "selev.020.abort", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 1
		tr.Write([]byte("xyz"))
		tr.Abort()
		if tr.GetWriteBufferSize() != 0 || !tr.IsClosing() {
			n.Error("Abort leaves data buffered, or the transport open")
		}
		n.passes(ctx)
		if !r.lost || r.lostErr != nil || string(fs.wrote) != "x" || !fs.closed {
			n.Errorf("lost=%v %v, wrote %q, closed=%v", r.lost, r.lostErr, fs.wrote, fs.closed)
		}
	})
	overFake(t, "selev.021.close-waits-for-buffer", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 1
		tr.Write([]byte("xyz"))
		n.check(tr.Close())
		n.passes(ctx)
		if fs.reading || r.lost || fs.closed {
			n.Errorf("reading=%v lost=%v closed=%v with data unsent", fs.reading, r.lost, fs.closed)
		}
		fs.writable(-1, nil)
		n.passes(ctx)
		if !r.lost || string(fs.wrote) != "xyz" {
			n.Errorf("lost=%v wrote %q", r.lost, fs.wrote)
		}
	})
	overFake(t, "selev.022.force-close", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write([]byte("xyz"))
		tr.forceClose(errOdd)
		if tr.size() != 0 || fs.sending || fs.reading || !tr.IsClosing() {
			n.Errorf("size=%d sending=%v reading=%v closing=%v", tr.size(), fs.sending, fs.reading, tr.IsClosing())
		}
		calls := len(fs.calls)
		tr.forceClose(nil)
		if len(fs.calls) != calls {
			n.Error("a second forced close does something")
		}
		n.passes(ctx)
		if r.lostErr != errOdd || strings.Count(r.history(), "lost") != 1 {
			n.Errorf("%s, %v", r.history(), r.lostErr)
		}
	})
	overFake(t, "selev.023a.fatal-error-os-quiet", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, _ := n.faked(ctx, r)
		n.l.SetDebug(true)
		tr.fatal(syscall.ECONNRESET, "Fatal error on transport")
		n.passes(ctx)
		if r.lostErr != syscall.ECONNRESET || len(n.reported) != 0 {
			n.Errorf("lost with %v, reported %v", r.lostErr, n.reported)
		}
		if n.log.count("Fatal error on transport") != 1 {
			n.Errorf("debug mode logged %q", n.log)
		}
	})
	overFake(t, "selev.023b.fatal-error-other-reported", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{}
		tr, _ := n.faked(ctx, r)
		tr.fatal(errOdd, "Fatal error on transport")
		n.passes(ctx)
		if len(n.reported) != 1 {
			n.Fatalf("reported %d times", len(n.reported))
		}
		c := n.reported[0]
		if c.Message != "Fatal error on transport" || c.Err != errOdd || c.Transport != any(tr) || c.Protocol != any(r) {
			n.Errorf("reported %+v", c)
		}
		if r.lostErr != errOdd {
			n.Errorf("lost with %v", r.lostErr)
		}
	})
	overFake(t, "selev.024.connection-lost-releases", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		r.onLost = func(error) {
			if fs.closed || tr.GetProtocol() != Protocol(r) {
				n.Error("released before the protocol was told")
			}
		}
		tr.forceClose(errOdd)
		n.passes(ctx)
		if r.lostErr != errOdd || !fs.closed || tr.GetProtocol() != nil || n.l.netState.first != nil {
			n.Errorf("lost=%v closed=%v protocol=%v", r.lostErr, fs.closed, tr.GetProtocol())
		}
	})
	overFake(t, "selev.025.add-reader-after-close", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		n.check(tr.PauseReading())
		n.check(tr.Close())
		before := fs.called("start")
		n.check(tr.ResumeReading())
		tr.startReading()
		n.passes(ctx)
		if fs.called("start") != before {
			n.Error("reading began on a closing transport")
		}
	})
	overFake(t, "selev.027.pause-resume-idempotent", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		if !tr.IsReading() || !fs.reading {
			n.Error("not reading at first")
		}
		for range 2 {
			n.check(tr.PauseReading())
			if tr.IsReading() || fs.reading {
				n.Error("reading after PauseReading")
			}
		}
		for range 2 {
			n.check(tr.ResumeReading())
			if !tr.IsReading() || !fs.reading {
				n.Error("not reading after ResumeReading")
			}
		}
		if fs.called("stop") != 1 || fs.called("start") != 2 {
			n.Errorf("calls %v", fs.calls)
		}
		n.check(tr.Close())
		if tr.IsReading() {
			n.Error("reading after Close")
		}
	})
	overFake(t, "selev.028.pause-in-connection-made", func(ctx context.Context, n *netTest) {
		r := &recorder{onMade: func(t Transport) { n.check(t.PauseReading()) }}
		tr, fs := n.faked(ctx, r)
		if fs.called("start") != 0 || tr.IsReading() {
			n.Error("reading although ConnectionMade paused it")
		}
		n.check(tr.ResumeReading())
		if fs.called("start") != 1 || !tr.IsReading() {
			n.Error("not reading after ResumeReading")
		}
		tr.Abort()
	})
}

// TestTransportScriptedReads: what the engine brings, and what goes wrong.
func TestTransportScriptedReads(t *testing.T) {
	t.Parallel()
	// fails runs one case in which the protocol or the system fails and the
	// connection must end with want, reported with message.
	fails := func(row string, p func(*recorder) Protocol, do func(fs *fakeStream), message, want string) {
		overFake(t, row, func(ctx context.Context, n *netTest) {
			n.expectErrors = true
			r := &recorder{}
			proto := p(r)
			if b, ok := proto.(*bufferedRecorder); ok {
				r = &b.recorder
			}
			_, fs := n.faked(ctx, proto)
			do(fs)
			n.passes(ctx)
			if len(n.reported) != 1 || n.reported[0].Message != message {
				n.Fatalf("reported %+v", n.reported)
			}
			if !r.lost || r.lostErr == nil || r.lostErr != n.reported[0].Err || !strings.Contains(r.lostErr.Error(), want) {
				n.Errorf("lost with %v", r.lostErr)
			}
			if !fs.closed {
				n.Error("the stream is not closed")
			}
		})
	}
	plain := func(set func(*recorder)) func(*recorder) Protocol {
		return func(r *recorder) Protocol { set(r); return r }
	}
	buffered := func(set func(*bufferedRecorder)) func(*recorder) Protocol {
		return func(*recorder) Protocol { b := &bufferedRecorder{size: 10}; set(b); return b }
	}
	fails("selev.029.data-callback-error", plain(func(r *recorder) { r.onData = func([]byte) { panic("in data") } }),
		func(fs *fakeStream) { fs.h.Received([]byte("x")) },
		"Fatal error: protocol.data_received() call failed.", "in data")
	fails("eof-callback-error", plain(func(r *recorder) { r.onEOF = func() { panic("in eof") } }),
		func(fs *fakeStream) { fs.h.ReadEOF() },
		"Fatal error: protocol.eof_received() call failed.", "in eof")
	fails("made-callback-error", plain(func(r *recorder) { r.onMade = func(Transport) { panic("in made") } }),
		func(fs *fakeStream) {},
		"Fatal error: protocol.connection_made() call failed.", "in made")
	fails("selev.050.get-buffer-error", buffered(func(b *bufferedRecorder) { b.get = func(int) []byte { panic("in get") } }),
		func(fs *fakeStream) {
			if fs.h.ReadBuffer() != nil || fs.reading {
				t.Error("the engine would read on")
			}
		},
		"Fatal error: protocol.get_buffer() call failed.", "in get")
	fails("selev.051.get-buffer-empty", buffered(func(b *bufferedRecorder) { b.get = func(int) []byte { return []byte{} } }),
		func(fs *fakeStream) {
			if fs.h.ReadBuffer() != nil || fs.reading {
				t.Error("the engine would read on")
			}
		},
		"Fatal error: protocol.get_buffer() call failed.", "get_buffer() returned an empty buffer")
	fails("selev.053.buffer-updated-error", buffered(func(b *bufferedRecorder) { b.upd = func(int) { panic("in updated") } }),
		func(fs *fakeStream) { fs.h.Received(fs.h.ReadBuffer()[:1]) },
		"Fatal error: protocol.buffer_updated() call failed.", "in updated")
	fails("selev.058.buffered-fatal", buffered(func(*bufferedRecorder) {}),
		func(fs *fakeStream) { fs.h.ReadBuffer(); fs.h.ReadFailed(errOdd) },
		"Fatal read error on socket transport", "odd")
	fails("read-fatal", plain(func(*recorder) {}),
		func(fs *fakeStream) { fs.h.ReadFailed(errOdd) },
		"Fatal read error on socket transport", "odd")

	overFake(t, "selev.030.read-ready-data", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		if fs.lends {
			n.Error("a plain protocol lends memory")
		}
		fs.h.Received([]byte("data"))
		if string(r.data) != "data" || r.history() != "made data" {
			n.Errorf("%q, %s", r.data, r.history())
		}
		tr.Abort()
	})
	overFake(t, "selev.052.protocol-switch", func(ctx context.Context, n *netTest) {
		r, b := &recorder{}, &bufferedRecorder{size: 10}
		tr, fs := n.faked(ctx, r)
		fs.h.Received([]byte("one"))
		n.check(tr.SetProtocol(b))
		if tr.GetProtocol() != Protocol(b) || !fs.lends {
			n.Error("GetProtocol is not what was set")
		}
		buf := fs.h.ReadBuffer()
		if len(buf) != 10 || len(b.hints) != 1 || b.hints[0] != -1 {
			n.Fatalf("buffer of %d, hints %v", len(buf), b.hints)
		}
		fs.h.Received(buf[:copy(buf, "two")])
		if string(r.data) != "one" || string(b.data) != "two" || b.history() != "updated 3" {
			n.Errorf("%q, %q, %s", r.data, b.data, b.history())
		}
		n.check(tr.SetProtocol(r))
		if fs.lends {
			n.Error("the buffered protocol is still asked")
		}
		if err := tr.SetProtocol(nil); !errors.Is(err, ErrInvalidArgument) {
			n.Errorf("SetProtocol(nil): %v", err)
		}
		tr.Abort()
	})
	overFake(t, "selev.033.read-conn-reset", func(ctx context.Context, n *netTest) { readReset(ctx, n, &recorder{}) })
	overFake(t, "selev.057.buffered-conn-reset", func(ctx context.Context, n *netTest) {
		readReset(ctx, n, &bufferedRecorder{size: 10})
	})
}

func readReset(ctx context.Context, n *netTest, p Protocol) {
	tr, fs := n.faked(ctx, p)
	var lost error
	switch p := p.(type) {
	case *recorder:
		p.onLost = func(err error) { lost = err }
	case *bufferedRecorder:
		p.onLost = func(err error) { lost = err }
	}
	if fs.lends {
		fs.h.ReadBuffer()
	}
	fs.h.ReadFailed(syscall.ECONNRESET)
	n.passes(ctx)
	if lost != syscall.ECONNRESET || !tr.IsClosing() || len(n.reported) != 0 {
		n.Errorf("lost with %v, reported %v", lost, n.reported)
	}
}

// TestTransportLateEvents: an engine event that comes after the end, and a
// stream that cannot be made.
func TestTransportLateEvents(t *testing.T) {
	t.Parallel()
	overFake(t, "stream-refused", func(ctx context.Context, n *netTest) {
		n.l.eng.(*scripted).stream = func(uintptr, engine.StreamHandler) (engine.Stream, error) { return nil, io.ErrNoProgress }
		if _, err := newStreamTransport(&n.l.baseLoop, 1, &recorder{}, nil, sock.Addr{}, nil); err != io.ErrNoProgress {
			n.Errorf("got %v", err)
		}
		if n.l.netState.first != nil {
			n.Error("the transport that was not made is listed")
		}
	})
	overFake(t, "abort-before-made", func(ctx context.Context, n *netTest) {
		n.faked(ctx, &recorder{}) // sets the script up
		r := &recorder{}
		tr, err := newStreamTransport(&n.l.baseLoop, 2, r, nil, sock.Addr{}, nil)
		if err != nil {
			n.Fatal(err)
		}
		tr.Abort()
		n.passes(ctx)
		if r.history() != "made lost" {
			n.Errorf("%s", r.history())
		}
		n.l.netState.first.Abort()
	})
}
