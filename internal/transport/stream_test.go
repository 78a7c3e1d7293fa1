package transport_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// row runs f in a parallel subtest with a stream that reads.
func row(t *testing.T, name string, f func(b *bench)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(running(t))
	})
}

// TestStream proves what needs a system that does as it is told, or that is asked
// nothing.
func TestStream(t *testing.T) {
	t.Parallel()
	row(t, "selev.058.buffered-fatal", func(b *bench) {
		b.SetProtocol(&lender{player{b: b}, make([]byte, 10)})
		b.eng.h.ReadBuffer()
		b.eng.reading = false
		b.eng.h.ReadFailed(errOdd)
		b.pass()
		b.wants(`buffer, failed "Fatal read error on socket transport": odd, lost odd, released`)
	})
	row(t, "a lender is asked once as what it lends", func(b *bench) {
		p := &choosy{sometimes: sometimes{player: player{b: b}, buf: make([]byte, 100)}, lends: true}
		b.SetProtocol(p)
		if p.asked != any(p) {
			b.Errorf("asked with %v", p.asked)
		}
		b.eng.brings("one")
		b.eng.brings("two")
		b.eng.brings("three")
		b.wants("lend, filled one, lend, data two, lend, filled three")
		b.log, p.lends = nil, false
		b.SetProtocol(p)
		b.eng.brings("four")
		b.wants("data four")
		b.log = nil
		outer := &struct{ *choosy }{p}
		b.SetProtocol(outer)
		if p.asked != any(outer) {
			b.Errorf("asked with %v", p.asked)
		}
	})
	row(t, "a lender that is sure may not return from what it is told", func(b *bench) {
		for _, call := range []string{"BufferFilled", "DataReceived"} {
			b := running(b.T)
			p := &choosy{sometimes: sometimes{player: player{b: b, leaving: call, how: "panic"}, buf: make([]byte, 100)}, lends: true}
			b.SetProtocol(p)
			b.eng.brings("one")
			b.eng.brings("two")
			if !b.Closing() {
				b.Errorf("%s: it goes on: %s", call, b.history())
			}
		}
	})
	row(t, "selev.036.write-empty", func(b *bench) {
		for _, p := range [][]byte{nil, {}} {
			if k, err := b.Write(p); k != 0 || err != nil {
				b.Errorf("Write = %d, %v", k, err)
			}
		}
		if err := errors.Join(b.WriteVec(nil), b.WriteVec([][]byte{nil, {}})); err != nil {
			b.Error(err)
		}
		if b.eng.writes != 0 || b.Size() != 0 {
			b.Errorf("%d writes, %d bytes to be sent", b.eng.writes, b.Size())
		}
	})
	row(t, "selev.040a.write-error-fatal", func(b *bench) {
		b.eng.err, b.eng.accept = errOdd, 0
		if n, err := b.Write([]byte("data")); n != 0 || err != errOdd {
			b.Errorf("Write = %d, %v", n, err)
		}
		b.pass()
		b.wants(`failed "Fatal write error on socket transport": odd, lost odd, released`)
	})
	row(t, "selev.044.write-ready-partial", func(b *bench) {
		b.eng.accept = 0
		b.Write([]byte("data"))
		for _, step := range []struct {
			takes int
			wire  string
			left  int
		}{{1, "d", 3}, {0, "d", 3}, {-1, "data", 0}} {
			b.eng.sent(step.takes, nil)
			if string(b.eng.wire) != step.wire || b.Size() != step.left || b.eng.sending != (step.left > 0) {
				b.Errorf("sent %q, %d bytes left, sending=%v", b.eng.wire, b.Size(), b.eng.sending)
			}
		}
	})
	row(t, "selev.046.write-ready-error", func(b *bench) {
		b.eng.accept = 0
		b.Write([]byte("data"))
		b.eng.sent(0, errOdd)
		if b.Size() != 0 {
			b.Errorf("%d bytes still to be sent", b.Size())
		}
		b.pass()
		b.wants(`failed "Fatal write error on socket transport": odd, lost odd, released`)
	})
	row(t, "selev.047a.write-eof", func(b *bench) {
		for range 2 {
			if err := b.WriteEOF(); err != nil || b.eng.shut != 1 {
				b.Errorf("WriteEOF: %v, shut %d times", err, b.eng.shut)
			}
		}
	})
	row(t, "protocols.008.writelines-joins", func(b *bench) {
		pieces := [][]byte{[]byte("one "), nil, []byte("two "), []byte("three")}
		for i, accept := range []int{-1, 6} {
			b.eng.accept, b.eng.wire = accept, nil
			err := b.WriteVec(pieces)
			b.eng.sent(-1, nil)
			if err != nil || b.eng.writes != i+1 || string(b.eng.wire) != "one two three" || string(pieces[2]) != "two " {
				b.Errorf("%v, %d writes, sent %q", err, b.eng.writes, b.eng.wire)
			}
		}
	})
}

// TestRefusals: what an engine may refuse.
func TestRefusals(t *testing.T) {
	t.Parallel()
	t.Run("stream", func(t *testing.T) {
		t.Parallel()
		b := &bench{T: t}
		b.out.b = b
		if err := b.Init(&b.out, fakeEngine{err: errOdd}, 1, &player{b: b}); err != errOdd || len(b.out.steps) != 0 {
			t.Errorf("%v, %d steps", err, len(b.out.steps))
		}
	})
	t.Run("reading", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.eng.readErr = errOdd
		b.pass()
		b.pass()
		b.wants(`made, failed "Fatal error on transport": odd, lost odd, released`)
	})
	const writeFailed = `failed "Fatal write error on socket transport": odd`
	for name, call := range map[string]func(b *bench){
		"write":     func(b *bench) { b.Write([]byte("data")) },
		"write-vec": func(b *bench) { b.WriteVec([][]byte{[]byte("data")}) },
	} {
		row(t, "send-in-"+name, func(b *bench) {
			b.eng.accept, b.eng.sendErr = 0, errOdd
			call(b)
			b.pass()
			b.wants(writeFailed + ", lost odd, released")
		})
	}
	// To wait for what the engine holds needs a Send, too.
	for name, call := range map[string]func(b *bench){
		"close":     func(b *bench) { b.Close() },
		"write-eof": func(b *bench) { b.WriteEOF() },
		"limits":    func(b *bench) { b.SetLimits(0, 0) },
	} {
		row(t, "send-in-"+name, func(b *bench) {
			b.eng.keeps, b.eng.sendErr = true, errOdd
			b.Write([]byte("data"))
			call(b)
			b.pass()
			b.pass()
			b.wants(writeFailed + ", lost odd, released")
			if b.eng.shut != 0 || b.LateWrites() != 0 {
				b.Errorf("shut %d times, %d late writes", b.eng.shut, b.LateWrites())
			}
		})
	}
	for _, queued := range []bool{false, true} {
		for err, log := range map[error]string{syscall.ENOTCONN: "", errOdd: writeFailed + ", lost odd, released"} {
			row(t, fmt.Sprintf("close-write/queued=%v/%v", queued, err), func(b *bench) {
				b.eng.shutErr = err
				if queued {
					b.eng.accept = 0
					b.Write([]byte("data"))
				}
				switch got := b.WriteEOF(); {
				case !queued && log != "" && got != err:
					b.Errorf("WriteEOF: %v", got)
				case (queued || log == "") && got != nil:
					b.Errorf("WriteEOF: %v", got)
				}
				b.eng.sent(-1, nil)
				b.pass()
				b.wants(log)
			})
		}
	}
}

// TestProtocolChanges: data go to whom the stream has at that moment, in the way that
// he wants them.
func TestProtocolChanges(t *testing.T) {
	t.Parallel()
	row(t, "there-and-back", func(b *bench) {
		first := b.Protocol()
		second := &lender{player{b: b}, make([]byte, 10)}
		b.eng.brings("one")
		b.SetProtocol(second)
		b.eng.brings("two")
		second.buf = nil // a player that has nothing to lend
		b.SetProtocol(first)
		b.eng.brings("three")
		b.SetProtocol(second)
		b.eng.brings("four")
		b.pass()
		b.wants(`data one, buffer, updated two, data three, buffer, ` +
			`failed "Fatal error: protocol.GetBuffer() call failed.": GetBuffer() returned an empty buffer, ` +
			`lost GetBuffer() returned an empty buffer, released`)
		if b.SetProtocol(first); b.Protocol() != nil {
			b.Error("a released stream has a protocol")
		}
	})
	row(t, "within-a-call", func(b *bench) {
		second := &player{b: b, stays: true}
		b.Protocol().(*player).does = map[string]func(){"DataReceived": func() { b.SetProtocol(second) }}
		b.eng.brings("one")
		b.eng.brings("two")
		b.eng.ends(nil)
		if b.Closing() || b.Protocol() != transport.Protocol(second) {
			b.Error("the second protocol has not the say")
		}
	})
	row(t, "while-it-lends", func(b *bench) {
		last := &player{b: b}
		second := &lender{player{b: b}, make([]byte, 10)}
		first := &lender{player{b: b}, make([]byte, 10)}
		first.does = map[string]func(){"GetBuffer": func() { b.SetProtocol(second) }}
		b.SetProtocol(first)
		b.eng.brings("one")
		second.does = map[string]func(){"GetBuffer": func() { b.SetProtocol(last) }}
		b.eng.brings("two")
		b.wants(`buffer, buffer, updated one, buffer, data two`)
	})
}
