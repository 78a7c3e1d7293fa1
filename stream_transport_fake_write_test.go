package asyncio

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

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
