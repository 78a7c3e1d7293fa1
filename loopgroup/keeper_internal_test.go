package loopgroup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// patienceForKeeper is how long a test waits for what is to come.
const patienceForKeeper = 30 * time.Second

// listening is a group that hands over, and its server.
func listening(t *testing.T, opts ...Option) (*Group, *Server) {
	t.Helper()
	g, err := New(append([]Option{WithLoops(2), WithGrace(0)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() }) // its error concerns the test that provoked it
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	s, err := g.CreateServer(t.Context(), func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil, HandOver)
	if err != nil {
		t.Fatal(err)
	}
	return g, s
}

// TestKeeperEnds: if the loop that listens ends, the group does, with its error; what is closed
// afterwards is closed all the same.
func TestKeeperEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patienceForKeeper)
	defer cancel()
	g, s := listening(t)
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	g.keep.loop.Stop()
	<-g.keep.ended
	s.Close()
	s.AbortClients()
	if err := s.WaitClosed(ctx); err != nil {
		t.Errorf("the server's end: %v", err)
	}
	if err := g.Wait(ctx); !errors.Is(err, asyncio.ErrLoopStopped) || !strings.Contains(err.Error(), "the loop that listens has ended") {
		t.Errorf("the group ended with %v", err)
	}
}

// gate is a logger whose handler waits until it is opened.
type gate struct {
	slog.Handler
	reached, opened chan struct{}
}

func (g gate) Handle(context.Context, slog.Record) error {
	close(g.reached)
	<-g.opened
	return nil
}

// TestHandedOverAtTheEnd: who was accepted before a server was closed comes to a loop although
// that has heard meanwhile what became of the server: he is served, or aborted as the others.
func TestHandedOverAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, aborts := range map[string]bool{"closed": false, "aborted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), patienceForKeeper)
			defer cancel()
			held := gate{slog.NewTextHandler(io.Discard, nil), make(chan struct{}), make(chan struct{})}
			g, s := listening(t, WithLogger(slog.New(held)))
			onLoop(t, g.keep.loop, func() { g.keep.rests = 1 }) // or it has nothing to log
			c, err := net.Dial("tcp", s.Addrs()[0].String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			<-held.reached // its loop is being chosen
			s.Close()
			if aborts {
				s.AbortClients()
			}
			for i := range 2 {
				onLoop(t, g.Loop(i), func() {}) // has heard
			}
			close(held.opened)
			if !aborts {
				for served := 0; served == 0 && ctx.Err() == nil; {
					served = s.Connections()[0] + s.Connections()[1]
				}
				c.Close()
			}
			if err := s.WaitClosed(ctx); err != nil {
				t.Errorf("it is there still: %v, %v", s.Connections(), err)
			}
		})
	}
}

// onLoop runs f on a loop and waits for that.
func onLoop(t *testing.T, loop asyncio.EventLoop, f func()) {
	t.Helper()
	done := make(chan struct{})
	_, err := loop.CallSoonThreadsafe(func() {
		defer close(done)
		f()
	})
	if err != nil {
		t.Fatal(err)
	}
	<-done
}

// TestKeeperReports: that accepting rests is logged once, and its end; anything else is told as
// a loop tells it.
func TestKeeperReports(t *testing.T) {
	t.Parallel()
	var book testkit.LogBook
	g, _ := listening(t, WithLogger(book.Logger()))
	k := g.keep
	onLoop(t, k.loop, func() {
		resting := asyncio.ExceptionContext{Err: errors.New("no descriptors"), Extra: map[string]any{"pause": time.Second}}
		k.accepted()
		k.report(k.loop, resting)
		k.report(k.loop, resting)
		k.accepted()
		k.accepted()
		k.report(k.loop, asyncio.ExceptionContext{Message: "something else"})
	})
	for text, want := range map[string]int{"accepting rests": 1, "accepting goes on": 1, "\"tries in vain\"=2": 1, "something else": 1} {
		if n := book.Count(text); n != want {
			t.Errorf("%q is logged %d times, want %d:\n%s", text, n, want, book.String())
		}
	}
}
