package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// rows runs f for each of several rows that say the same of both kinds of loops.
func rows(t *testing.T, ids string, connected bool, f func(ctx context.Context, m *mailbox)) {
	t.Helper()
	for id := range strings.FieldsSeq(ids) {
		paperRow(t, id, connected, f)
	}
}

// wants fails the test if something else has been sent, or is buffered.
func (m *mailbox) wants(sent string, size int) {
	m.Helper()
	if got, n := m.s.line(), m.transport.GetWriteBufferSize(); got != sent || n != size {
		m.Errorf("sent %q, %d bytes buffered, want %q and %d", got, n, sent, size)
	}
}

// TestDatagramSend proves the rows about sending.
func TestDatagramSend(t *testing.T) {
	t.Parallel()
	rows(t, "selev.716.dgram-send-empty proactor.702.dgram-send-empty", false, func(_ context.Context, m *mailbox) {
		m.sends("", whom)
		m.wants(">127.0.0.1:9", 0)
	})
	rows(t, "proactor.024.dgram-send", false, func(_ context.Context, m *mailbox) {
		m.sends("data", whom)
		m.wants("data>127.0.0.1:9", 0)
	})
	rows(t, "selev.064.dgram-send-behind-buffer proactor.026.dgram-send-busy", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data1", whom)
		m.sends("data2", other)
		if m.s.sends != 1 {
			m.Errorf("%d tries", m.s.sends)
		}
		m.wants("", 2*(5+8))
		m.s.writable(9)
		m.wants("data1>127.0.0.1:9 data2>127.0.0.1:10", 0)
	})
	rows(t, "selev.065.dgram-queue-copies", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		p := []byte("data1")
		m.check(m.transport.SendTo(p, whom))
		copy(p, "other")
		m.s.writable(9)
		m.wants("data1>127.0.0.1:9", 0)
	})
	rows(t, "selev.066.dgram-send-would-block", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data", whom)
		if !m.s.awaiting || m.s.sends != 1 {
			m.Errorf("awaiting=%v after %d tries", m.s.awaiting, m.s.sends)
		}
		m.wants("", 12)
	})
	rows(t, "selev.717.dgram-queue-empty proactor.703.dgram-queue-empty", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data", whom)
		m.sends("", other)
		m.wants("", 12+8)
		m.s.writable(9)
		m.wants("data>127.0.0.1:9 >127.0.0.1:10", 0)
	})
	rows(t, "selev.718.dgram-buffer-size proactor.704.dgram-buffer-size", false, func(_ context.Context, m *mailbox) {
		m.sends("at once", whom)
		m.wants("at once>127.0.0.1:9", 0)
		m.s.room, m.s.sent = 0, nil
		for i, text := range []string{"", "four", ""} {
			m.sends(text, whom)
			m.wants("", []int{8, 20, 28}[i])
		}
		m.s.writable(2)
		m.wants(">127.0.0.1:9 four>127.0.0.1:9", 8)
		m.s.writable(9)
		m.wants(">127.0.0.1:9 four>127.0.0.1:9 >127.0.0.1:9", 0)
	})
	rows(t, "selev.070.dgram-send-other-address proactor.030.dgram-send-other-address", true, func(_ context.Context, m *mailbox) {
		if err := m.transport.SendTo([]byte("x"), other); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), whom.String()) {
			m.Errorf("to another address: %v", err)
		}
		m.sends("same", whom)
		m.sends("none", nil)
		m.wants("same>peer none>peer", 0)
	})
}

// TestDatagramSendRefused proves the rows about what the system or somebody else says of a
// datagram that is sent.
func TestDatagramSendRefused(t *testing.T) {
	t.Parallel()
	rows(t, "selev.067.dgram-send-fatal proactor.027.dgram-send-fatal", true, func(ctx context.Context, m *mailbox) {
		m.expectErrors = true
		m.s.err = errNoSystem
		if err := m.transport.SendTo([]byte("data"), nil); !errors.Is(err, errNoSystem) {
			m.Errorf("SendTo: %v", err)
		}
		if len(m.reported) != 1 || m.reported[0].Message != "Fatal write error on datagram transport" || !m.transport.IsClosing() {
			m.Fatalf("reported %v", m.reported)
		}
		for i := 1; i <= 7; i++ {
			if err := m.transport.SendTo([]byte("data"), nil); !errors.Is(err, net.ErrClosed) {
				m.Errorf("SendTo: %v", err)
			}
			if got, want := m.log.Count("socket.send() raised exception."), min(1, i/5); got != want {
				m.Errorf("%d warnings after %d datagrams, want %d", got, i, want)
			}
		}
		m.until(ctx, "the end", func() bool { return m.lost })
		if !errors.Is(m.lostErr, errNoSystem) || len(m.errs) != 0 {
			m.Errorf("lost with %v, errors %v", m.lostErr, m.errs)
		}
	})
	rows(t, "selev.068.dgram-send-refused-connected proactor.028.dgram-send-refused proactor.047.dgram-loop-writing-aborted", true, func(_ context.Context, m *mailbox) {
		m.s.err = syscall.ECONNREFUSED
		m.sends("lost", nil)
		m.hears(syscall.ECONNREFUSED, whom)
		m.sends("next", nil)
		m.wants("next>peer", 0)
	})
	rows(t, "selev.071.dgram-send-closing proactor.031.dgram-send-closing", true, func(_ context.Context, m *mailbox) {
		m.check(m.transport.Close())
		for range 3 {
			if err := m.transport.SendTo([]byte("data"), nil); !errors.Is(err, net.ErrClosed) {
				m.Errorf("SendTo: %v", err)
			}
		}
		if got := asyncio.LateSends(m.transport); got != 3 || m.s.sends != 0 || len(m.errs) != 0 {
			m.Errorf("%d counted, %d tried, told %v", got, m.s.sends, m.errs)
		}
		m.wants("", 0)
	})
	rows(t, "selev.077a.dgram-fatal-os-quiet", true, func(ctx context.Context, m *mailbox) {
		m.s.h.Broken(syscall.ENOTCONN)
		m.until(ctx, "the end", func() bool { return m.lost })
		if len(m.errs) != 0 || len(m.reported) != 0 || m.log.String() != "" || !errors.Is(m.lostErr, syscall.ENOTCONN) {
			m.Errorf("told %v, reported %v, logged %v, lost with %v", m.errs, m.reported, m.log, m.lostErr)
		}
	})
	rows(t, "selev.077b.dgram-fatal-other-reported", true, func(ctx context.Context, m *mailbox) {
		m.expectErrors = true
		m.s.h.Broken(errNoSystem)
		if len(m.reported) != 1 || m.reported[0].Transport != any(m.transport) || m.reported[0].Protocol != any(m.receiver) || m.reported[0].Err != errNoSystem {
			m.Errorf("reported %+v", m.reported)
		}
		m.until(ctx, "the end", func() bool { return m.lost })
		if len(m.errs) != 0 || m.lostErr != errNoSystem {
			m.Errorf("told %v, lost with %v", m.errs, m.lostErr)
		}
	})
}

// hears fails the test if the protocol has not heard of one error, which is the system's, of
// a peer, and forgets it.
func (m *mailbox) hears(err error, of net.Addr) {
	m.Helper()
	var got *asyncio.DatagramError
	if len(m.errs) != 1 || !errors.As(m.errs[0], &got) || !errors.Is(got, err) || fmt.Sprint(got.Addr) != fmt.Sprint(of) || m.lost || m.transport.IsClosing() {
		m.Errorf("told %v, want %v of %v; lost=%v", m.errs, err, of, m.lost)
	}
	m.errs = nil
}

// TestDatagramFlush proves the rows about what was queued.
func TestDatagramFlush(t *testing.T) {
	t.Parallel()
	rows(t, "selev.072a.dgram-flush proactor.043.dgram-loop-writing", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data1", whom)
		m.sends("data2", other)
		m.s.writable(9)
		m.wants("data1>127.0.0.1:9 data2>127.0.0.1:10", 0)
		if m.s.awaiting {
			m.Error("it goes on to wait")
		}
	})
	rows(t, "selev.072b.dgram-flush-closing", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data", whom)
		m.check(m.transport.Close())
		if m.lost || m.s.reading {
			m.Errorf("lost=%v, reading=%v", m.lost, m.s.reading)
		}
		m.s.writable(9)
		m.wants("data>127.0.0.1:9", 0)
		if !m.lost || m.lostErr != nil || !m.s.closed {
			m.Errorf("lost=%v with %v, closed=%v", m.lost, m.lostErr, m.s.closed)
		}
	})
	rows(t, "proactor.032.dgram-flush-closing", false, func(ctx context.Context, m *mailbox) {
		m.check(m.transport.Close())
		m.until(ctx, "the end", func() bool { return m.lost })
		if m.lostErr != nil || !m.s.closed || m.s.sends != 0 {
			m.Errorf("lost with %v, closed=%v, %d tries", m.lostErr, m.s.closed, m.s.sends)
		}
	})
	rows(t, "selev.073.dgram-flush-empty", false, func(_ context.Context, m *mailbox) {
		m.s.h.Writable()
		if m.s.sends != 0 || m.s.awaiting || m.transport.IsClosing() {
			m.Errorf("%d tries, awaiting=%v", m.s.sends, m.s.awaiting)
		}
	})
	rows(t, "selev.074.dgram-flush-would-block", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data1", whom)
		m.sends("data2", other)
		m.s.writable(0)
		m.wants("", 26)
		if !m.s.awaiting {
			m.Error("it waits no more")
		}
		m.s.writable(1)
		m.wants("data1>127.0.0.1:9", 13)
		m.s.writable(1)
		m.wants("data1>127.0.0.1:9 data2>127.0.0.1:10", 0)
	})
	rows(t, "selev.719.dgram-blocked-again", false, func(_ context.Context, m *mailbox) {
		m.s.room = 0
		m.sends("data", whom)
		for range 3 {
			m.s.writable(0)
			m.wants("", 12)
			if !m.s.awaiting {
				m.Error("it waits no more")
			}
		}
	})
	rows(t, "selev.075.dgram-flush-fatal proactor.033.dgram-flush-fatal", false, func(ctx context.Context, m *mailbox) {
		m.expectErrors = true
		m.s.room = 0
		m.sends("data", whom)
		m.s.err = errNoSystem
		m.s.writable(9)
		m.until(ctx, "the end", func() bool { return m.lost })
		if len(m.reported) != 1 || m.reported[0].Message != "Fatal write error on datagram transport" || m.lostErr != errNoSystem {
			m.Errorf("reported %v, lost with %v", m.reported, m.lostErr)
		}
	})
	for id, connected := range map[string]bool{"selev.076a.dgram-flush-refused": false, "selev.076b.dgram-flush-refused-connected": true} {
		rows(t, id, connected, func(_ context.Context, m *mailbox) {
			m.s.room = 0
			m.sends("lost", whom)
			m.sends("next", whom)
			m.s.err = syscall.ECONNREFUSED
			m.s.writable(9)
			m.hears(syscall.ECONNREFUSED, whom)
			m.wants(map[bool]string{true: "next>peer", false: "next>127.0.0.1:9"}[connected], 0)
		})
	}
}
