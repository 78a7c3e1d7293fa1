package asyncio

import (
	"context"
	"errors"
	"io"
	"net"
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
		if tr.loop != n.l || tr.stream != engine.Stream(fs) || tr.GetExtraInfo("socket") != any(uintptr(12345)) {
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

// TestTransportScriptedWrites: what the system takes, and when.
func TestTransportScriptedWrites(t *testing.T) {
	t.Parallel()
	overFake(t, "selev.034.write-direct", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		if k, err := tr.Write([]byte("data")); k != 4 || err != nil || string(fs.wrote) != "data" {
			n.Errorf("Write = %d, %v; wrote %q", k, err, fs.wrote)
		}
		if fs.called("send") != 0 || tr.GetWriteBufferSize() != 0 {
			n.Error("something is left")
		}
		tr.Abort()
	})
	overFake(t, "selev.035.write-leaves-callers-buffer", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		for _, accept := range []int{-1, 2, 0} {
			fs.accept, fs.wrote = accept, nil
			p := []byte("data")
			tr.Write(p)
			if string(p) != "data" {
				n.Errorf("the caller's slice became %q", p)
			}
			clear(p) // it is the caller's again
			fs.writable(-1, nil)
			if string(fs.wrote) != "data" {
				n.Errorf("sent %q", fs.wrote)
			}
		}
		tr.Abort()
	})
	overFake(t, "selev.036.write-empty", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		before := len(fs.calls)
		for _, p := range [][]byte{nil, {}} {
			if k, err := tr.Write(p); k != 0 || err != nil {
				n.Errorf("Write = %d, %v", k, err)
			}
		}
		n.check(tr.WriteLines(nil))
		n.check(tr.WriteLines([][]byte{nil, {}}))
		if len(fs.calls) != before || tr.GetWriteBufferSize() != 0 {
			n.Errorf("calls %v", fs.calls[before:])
		}
		tr.Abort()
	})
	overFake(t, "selev.037.write-behind-buffer", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 0
		tr.Write([]byte("one "))
		fs.accept = -1
		tr.Write([]byte("two "))
		n.check(tr.WriteLines([][]byte{[]byte("three"), []byte(" four")}))
		if fs.called("write") != 1 || tr.GetWriteBufferSize() != len("one two three four") || len(fs.wrote) != 0 {
			n.Errorf("calls %v, %d bytes buffered", fs.calls, tr.GetWriteBufferSize())
		}
		fs.writable(-1, nil)
		if string(fs.wrote) != "one two three four" {
			n.Errorf("wrote %q", fs.wrote)
		}
		tr.Abort()
	})
	overFake(t, "selev.038.write-partial", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 2
		p := []byte("data")
		if k, err := tr.Write(p); k != 4 || err != nil || string(p) != "data" {
			n.Errorf("Write = %d, %v; %q", k, err, p)
		}
		if !fs.sending || string(fs.wrote) != "da" || tr.GetWriteBufferSize() != 2 {
			n.Errorf("sending=%v wrote %q, %d buffered", fs.sending, fs.wrote, tr.GetWriteBufferSize())
		}
		clear(p)
		fs.writable(-1, nil)
		if string(fs.wrote) != "data" {
			n.Errorf("wrote %q", fs.wrote)
		}
		tr.Abort()
	})
	overFake(t, "selev.039.write-would-block", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 0
		if k, err := tr.Write([]byte("data")); k != 4 || err != nil {
			n.Errorf("Write = %d, %v", k, err)
		}
		if !fs.sending || tr.GetWriteBufferSize() != 4 {
			n.Errorf("sending=%v, %d buffered", fs.sending, tr.GetWriteBufferSize())
		}
		tr.Abort()
	})
	overFake(t, "selev.040a.write-error-fatal", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.err, fs.accept = errOdd, 0
		if _, err := tr.Write([]byte("data")); !errors.Is(err, errOdd) {
			n.Errorf("Write: %v", err)
		}
		n.passes(ctx)
		if len(n.reported) != 1 || n.reported[0].Message != "Fatal write error on socket transport" || r.lostErr != errOdd {
			n.Errorf("reported %v, lost with %v", n.reported, r.lostErr)
		}
	})
	overFake(t, "selev.040b.write-after-loss-warns", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		tr.Abort()
		before := len(fs.calls)
		for i := 1; i <= 7; i++ {
			if k, err := tr.Write([]byte("x")); k != 0 || !errors.Is(err, net.ErrClosed) {
				n.Errorf("Write = %d, %v", k, err)
			}
			if got, want := n.log.count("socket.send() raised exception."), max(0, i-4); got != want {
				n.Errorf("%d warnings after %d writes, want %d", got, i, want)
			}
		}
		if len(fs.calls) != before {
			n.Errorf("calls %v", fs.calls[before:])
		}
	})
	overFake(t, "selev.042a.write-ready-all", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 0
		tr.Write([]byte("data"))
		fs.writable(-1, nil)
		if string(fs.wrote) != "data" || fs.sending || fs.called("send") != 1 || tr.GetWriteBufferSize() != 0 {
			n.Errorf("wrote %q, calls %v", fs.wrote, fs.calls)
		}
		tr.Abort()
	})
	overFake(t, "selev.042b.write-ready-closing", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write([]byte("data"))
		n.check(tr.Close())
		fs.writable(-1, nil)
		n.passes(ctx)
		if string(fs.wrote) != "data" || !fs.closed || !r.lost || r.lostErr != nil {
			n.Errorf("wrote %q closed=%v lost=%v %v", fs.wrote, fs.closed, r.lost, r.lostErr)
		}
	})
	overFake(t, "selev.044.write-ready-partial", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 0
		tr.Write([]byte("data"))
		fs.writable(1, nil)
		if string(fs.wrote) != "d" || !fs.sending || tr.GetWriteBufferSize() != 3 {
			n.Errorf("wrote %q sending=%v %d buffered", fs.wrote, fs.sending, tr.GetWriteBufferSize())
		}
		fs.writable(0, nil)
		if string(fs.wrote) != "d" || !fs.sending || tr.GetWriteBufferSize() != 3 {
			n.Errorf("after nothing: wrote %q sending=%v %d buffered", fs.wrote, fs.sending, tr.GetWriteBufferSize())
		}
		fs.writable(-1, nil)
		if string(fs.wrote) != "data" || fs.sending {
			n.Errorf("wrote %q sending=%v", fs.wrote, fs.sending)
		}
		tr.Abort()
	})
	overFake(t, "selev.046.write-ready-error", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write([]byte("data"))
		fs.writable(0, errOdd)
		if tr.GetWriteBufferSize() != 0 {
			n.Errorf("%d bytes still buffered", tr.GetWriteBufferSize())
		}
		n.passes(ctx)
		if len(n.reported) != 1 || n.reported[0].Message != "Fatal write error on socket transport" || r.lostErr != errOdd {
			n.Errorf("reported %v, lost with %v", n.reported, r.lostErr)
		}
	})
	overFake(t, "send-refused", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept, fs.sendErr = 0, errOdd
		tr.Write([]byte("data"))
		n.passes(ctx)
		if r.lostErr != errOdd || len(n.reported) != 1 {
			n.Errorf("reported %v, lost with %v", n.reported, r.lostErr)
		}
	})
	overFake(t, "selev.047a.write-eof", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		if !tr.CanWriteEOF() {
			n.Error("CanWriteEOF is false")
		}
		n.check(tr.WriteEOF())
		if fs.called("closewrite") != 1 {
			n.Errorf("calls %v", fs.calls)
		}
		n.check(tr.WriteEOF())
		if fs.called("closewrite") != 1 {
			n.Errorf("calls %v after a second WriteEOF", fs.calls)
		}
		tr.Abort()
	})
	overFake(t, "selev.047b.write-eof-after-buffer", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		fs.accept = 0
		tr.Write([]byte("data"))
		n.check(tr.WriteEOF())
		fs.writable(1, nil)
		if fs.called("closewrite") != 0 {
			n.Error("the end came before the data")
		}
		fs.writable(-1, nil)
		if fs.called("closewrite") != 1 || string(fs.wrote) != "data" {
			n.Errorf("calls %v, wrote %q", fs.calls, fs.wrote)
		}
		tr.Abort()
	})
	overFake(t, "selev.048.write-eof-after-close", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		n.check(tr.Close())
		n.check(tr.WriteEOF())
		n.passes(ctx)
		n.check(tr.WriteEOF())
		if fs.called("closewrite") != 0 {
			n.Errorf("calls %v", fs.calls)
		}
	})
	overFake(t, "selev.049.close-removes-writer", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write([]byte("data"))
		fs.writable(-1, nil)
		n.check(tr.Close())
		n.passes(ctx)
		if fs.sending || !fs.closed || !r.lost {
			n.Errorf("sending=%v closed=%v lost=%v", fs.sending, fs.closed, r.lost)
		}
	})
	overFake(t, "selev.079.write-after-eof", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		n.check(tr.WriteEOF())
		for _, p := range []string{"data", ""} {
			if _, err := tr.Write([]byte(p)); !errors.Is(err, ErrInvalidState) {
				n.Errorf("Write(%q): %v", p, err)
			}
			if err := tr.WriteLines([][]byte{[]byte(p)}); !errors.Is(err, ErrInvalidState) {
				n.Errorf("WriteLines(%q): %v", p, err)
			}
		}
		if len(fs.wrote) != 0 {
			n.Errorf("wrote %q", fs.wrote)
		}
		tr.Abort()
	})
	overFake(t, "selev.080.abort-drops-buffer-first", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write([]byte("data"))
		n.check(tr.Close())
		tr.Abort()
		if fs.sending || tr.GetWriteBufferSize() != 0 || r.lost {
			n.Errorf("sending=%v, %d buffered, lost=%v at once", fs.sending, tr.GetWriteBufferSize(), r.lost)
		}
		tr.Abort()
		n.check(tr.Close())
		n.passes(ctx)
		if strings.Count(r.history(), "lost") != 1 {
			n.Errorf("%s", r.history())
		}
	})
	overFake(t, "protocols.008.writelines-joins", func(ctx context.Context, n *netTest) {
		tr, fs := n.faked(ctx, &recorder{})
		pieces := [][]byte{[]byte("one "), nil, []byte("two "), []byte("three")}
		n.check(tr.WriteLines(pieces))
		if fs.called("write") != 1 || string(fs.wrote) != "one two three" {
			n.Errorf("calls %v, wrote %q", fs.calls, fs.wrote)
		}
		fs.accept, fs.wrote = 6, nil
		n.check(tr.WriteLines(pieces))
		fs.writable(-1, nil)
		if fs.called("write") != 2 || string(fs.wrote) != "one two three" || string(pieces[2]) != "two " {
			n.Errorf("calls %v, wrote %q", fs.calls, fs.wrote)
		}
		tr.Abort()
	})
}

// TestFlowControl: the marks, and the protocol's part in them.
func TestFlowControl(t *testing.T) {
	t.Parallel()
	overFake(t, "selev.078a.write-low-water-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		n.check(tr.SetWriteBufferLimits(10, 4))
		tr.Write(make([]byte, 10))
		if r.history() != "made" {
			n.Errorf("%s at the high mark", r.history())
		}
		tr.Write(make([]byte, 2))
		tr.Write(make([]byte, 2))
		fs.writable(9, nil)
		if r.history() != "made pause" {
			n.Errorf("%s above the low mark", r.history())
		}
		fs.writable(1, nil)
		fs.writable(1, nil)
		if r.history() != "made pause resume" {
			n.Errorf("%s", r.history())
		}
		tr.Abort()
	})
	overFake(t, "selev.078b.pause-callback-error", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{onPause: func() { panic("in pause") }, onResume: func() { panic("in resume") }}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write(make([]byte, 100_000))
		fs.writable(-1, nil)
		if len(n.reported) != 2 || n.reported[0].Message != "protocol.pause_writing() failed" ||
			n.reported[1].Message != "protocol.resume_writing() failed" {
			n.Errorf("reported %+v", n.reported)
		}
		if tr.IsClosing() || len(fs.wrote) != 100_000 {
			n.Errorf("closing=%v, %d bytes sent", tr.IsClosing(), len(fs.wrote))
		}
		tr.Abort()
	})
	overFake(t, "protocols.012a.limits-order", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		if err := tr.SetWriteBufferLimits(0, 1); !errors.Is(err, ErrInvalidArgument) {
			n.Errorf("high below low: %v", err)
		}
		if low, high := tr.GetWriteBufferLimits(); low != 16<<10 || high != 64<<10 {
			n.Errorf("limits %d, %d after the refusal", low, high)
		}
		tr.Abort()
	})
	overFake(t, "protocols.012b.limits-set", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		for _, c := range []struct{ high, low, wantLow, wantHigh int }{
			{1024, 128, 128, 1024}, {1024, -1, 256, 1024}, {-1, 100, 100, 400}, {-1, -1, 16 << 10, 64 << 10}, {0, 0, 0, 0},
		} {
			n.check(tr.SetWriteBufferLimits(c.high, c.low))
			if low, high := tr.GetWriteBufferLimits(); low != c.wantLow || high != c.wantHigh {
				n.Errorf("set (%d, %d): low %d, high %d", c.high, c.low, low, high)
			}
		}
		tr.Abort()
	})
	overFake(t, "protocols.012c.limits-lowered-pause", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write(make([]byte, 512))
		n.check(tr.SetWriteBufferLimits(256, -1))
		if r.history() != "made pause" || tr.GetWriteBufferSize() != 512 {
			n.Errorf("%s", r.history())
		}
		tr.Abort()
	})
	overFake(t, "write-in-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		r.onResume = func() { tr.Write([]byte("more")) }
		tr.Write(make([]byte, 100_000))
		n.check(tr.WriteEOF())
		r.onResume = nil
		fs.writable(-1, nil)
		if fs.called("closewrite") != 1 {
			n.Errorf("calls %v", fs.calls)
		}
		tr.Abort()
	})
	overFake(t, "close-in-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		r.onResume = func() { tr.Abort() }
		tr.Write(make([]byte, 100_000))
		fs.writable(99_000, nil)
		n.passes(ctx)
		if !r.lost || !fs.closed || fs.sending {
			n.Errorf("lost=%v closed=%v sending=%v", r.lost, fs.closed, fs.sending)
		}
	})
}

// TestTransportLateEvents: an engine event that comes after the end, and a
// stream that cannot be made.
func TestTransportLateEvents(t *testing.T) {
	t.Parallel()
	overFake(t, "stream-refused", func(ctx context.Context, n *netTest) {
		n.l.eng.(*scripted).stream = func(uintptr, engine.StreamHandler) (engine.Stream, error) { return nil, io.ErrNoProgress }
		if _, err := newStreamTransport(n.l, 1, &recorder{}, nil, sock.Addr{}, nil); err != io.ErrNoProgress {
			n.Errorf("got %v", err)
		}
		if n.l.netState.first != nil {
			n.Error("the transport that was not made is listed")
		}
	})
	overFake(t, "abort-before-made", func(ctx context.Context, n *netTest) {
		n.faked(ctx, &recorder{}) // sets the script up
		r := &recorder{}
		tr, err := newStreamTransport(n.l, 2, r, nil, sock.Addr{}, nil)
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
