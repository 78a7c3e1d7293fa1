package asyncio_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// errOdd is no error of the system's.
var errOdd = errors.New("odd")

// TestTransportScripted proves what needs a system that does as it is told, or
// that is asked nothing.
func TestTransportScripted(t *testing.T) {
	t.Parallel()
	for row, p := range map[string]asyncio.Protocol{"read-fatal": &recorder{}, "selev.058.buffered-fatal": &bufferedRecorder{size: 10}} {
		fakeRow(t, row, func(ctx context.Context, n *netTest) {
			n.expectErrors = true
			_, fs := n.faked(ctx, p)
			if fs.lends {
				fs.h.ReadBuffer()
			}
			fs.h.ReadFailed(errOdd)
			n.passes(ctx)
			if len(n.reported) != 1 || n.reported[0].Message != "Fatal read error on socket transport" {
				n.Fatalf("reported %+v", n.reported)
			}
			if r := record(p); !r.lost || r.lostErr != errOdd || !fs.closed {
				n.Errorf("lost=%v with %v, closed=%v", r.lost, r.lostErr, fs.closed)
			}
		})
	}
	fakeRow(t, "selev.036.write-empty", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "selev.040a.write-error-fatal", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "selev.044.write-ready-partial", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "selev.046.write-ready-error", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "send-refused", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "selev.047a.write-eof", func(ctx context.Context, n *netTest) {
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
	fakeRow(t, "protocols.008.writelines-joins", func(ctx context.Context, n *netTest) {
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

// TestTransportLateEvents: an engine event that comes after the end, and a
// stream that cannot be made.
func TestTransportLateEvents(t *testing.T) {
	t.Parallel()
	fakeRow(t, "stream-refused", func(ctx context.Context, n *netTest) {
		asyncio.Engine(n.l).(*scripted).stream = func(uintptr, engine.StreamHandler) (engine.Stream, error) { return nil, io.ErrNoProgress }
		if _, err := asyncio.NewTransport(n.l, 1, &recorder{}, sock.Addr{}, nil); err != io.ErrNoProgress {
			n.Errorf("got %v", err)
		}
		if len(asyncio.Transports(n.l)) != 0 {
			n.Error("the transport that was not made is listed")
		}
	})
	fakeRow(t, "abort-before-made", func(ctx context.Context, n *netTest) {
		n.faked(ctx, &recorder{}) // sets the script up
		r := &recorder{}
		tr, err := asyncio.NewTransport(n.l, 2, r, sock.Addr{}, nil)
		if err != nil {
			n.Fatal(err)
		}
		tr.Abort()
		n.passes(ctx)
		if r.history() != "made lost" {
			n.Errorf("%s", r.history())
		}
		asyncio.Transports(n.l)[0].Abort()
	})
}
