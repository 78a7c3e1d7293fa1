package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// TestErrorTexts: what a user reads names the package, what it was about, and what
// can be done.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	e := &IncompleteReadError{Partial: []byte("abc"), Expected: -1}
	if got := e.Error(); got != "streams: 3 bytes read on a total of undefined expected bytes" {
		t.Error(got)
	}
	if e.Partial = nil; !errors.Is(e, io.EOF) {
		t.Error("an incomplete read of nothing is no EOF")
	}
	if got := fmt.Sprint(ErrConnectionLost); got != "connection lost" {
		t.Error(got)
	}
	overLoops(t, "connection-lost", func(s *stage) {
		server, addr := s.serve(echo)
		_, w := s.open(addr)
		w.Transport().Abort()
		s.check(w.WaitClosed(s.ctx))
		s.lostText(w.Drain(s.ctx), "streams: connection to "+addr+" lost", nil)
		s.finish(server)
	})
	overLoops(t, "connection-lost-with-a-reason", func(s *stage) {
		f, err := NewFlowControl()
		s.must(err)
		w, err := NewStreamWriter(&valve{}, f, nil)
		s.must(err)
		f.ConnectionLost(errBoom)
		s.lostText(w.Drain(s.ctx), "streams: connection lost: "+errBoom.Error(), errBoom)
		s.check(w.Close())
	})
	overLoops(t, "conn", func(s *stage) {
		client, _ := s.conns()
		s.check(client.SetReadDeadline(time.Unix(1, 0)))
		_, err := client.Read(make([]byte, 1))
		s.wantError(err, os.ErrDeadlineExceeded)
		// As package net's, of which code that knows nothing of loops may depend.
		if e := (*net.OpError)(nil); !errors.As(err, &e) || e.Op != "read" || !strings.HasPrefix(err.Error(), "read tcp 127.0.0.1:") {
			s.Errorf("the error is %v", err)
		}
	})
	overLoops(t, "calls", func(s *stage) {
		_, _, err := OpenConnection(s.ctx, "tcp", "", nil, WithLimit(-1))
		s.text(err, "streams: OpenConnection: invalid argument: limit cannot be <= 0, but is -1")
		_, err = NewStreamReader(WithLimit(0))
		s.text(err, "streams: NewStreamReader: invalid argument: limit cannot be <= 0, but is 0")
		_, err = StartServer(s.ctx, (func(context.Context, *StreamReader, *StreamWriter))(nil), "tcp", "", nil)
		s.text(err, "streams: StartServer: invalid argument: the handler is nil")
		r := s.reader(DefaultLimit)
		s.check(r.SetTransport(&valve{}))
		s.text(r.SetTransport(&valve{}), "streams: SetTransport: invalid state: there is one already")
	})
}

func (s *stage) lostText(err error, text string, reason error) {
	s.Helper()
	s.text(err, text)
	for _, target := range []error{ErrConnectionLost, syscall.ECONNRESET, net.ErrClosed, reason} {
		if target != nil {
			s.wantError(err, target)
		}
	}
	if errors.Is(err, asyncio.ErrLoopClosed) {
		s.Error("it is anything")
	}
}

func (s *stage) text(err error, want string) {
	s.Helper()
	if err == nil || err.Error() != want {
		s.Errorf("the error is %v, want %s", err, want)
	}
}
