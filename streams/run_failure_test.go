package streams

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// errBroken is what the loop's polls fail with once the switch is on.
var errBroken = errors.New("the system refuses to wait")

// TestRunFailure: who waits on another goroutine for a stream of a loop whose run
// the system fails, gets that error, whether he came before or after.
func TestRunFailure(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		var broken atomic.Bool
		m = m.Hooked(func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
			if broken.Load() {
				return errBroken
			}
			_, err := wait(timeout)
			return err
		})
		failRun(t, &broken, func() (asyncio.EventLoop, error) { return loops.New(m) })
	})
}

func failRun(t *testing.T, broken *atomic.Bool, open opener) {
	s := newStage(t, open)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- s.loop.RunForever() }()
	client, server, err := s.connect(ctx)
	s.must(err)
	r, w := client.(*conn).r, server.(*conn).w
	calls := map[string]func() error{
		"Conn.Read":  func() error { _, err := server.Read(make([]byte, 1)); return err },
		"ReadLine":   func() error { _, err := r.ReadLine(ctx); return err },
		"WaitClosed": func() error { return w.WaitClosed(ctx) },
	}
	type ended struct {
		name string
		err  error
	}
	waits := make(chan ended)
	for name, call := range calls {
		go func() { waits <- ended{name, call()} }()
	}
	for !r.waits() || !server.(*conn).r.waits() {
		time.Sleep(time.Millisecond)
	}
	broken.Store(true)
	_, err = s.loop.CallSoonThreadsafe(func() {})
	s.must(err)
	for range calls {
		if e := <-waits; !errors.Is(e.err, errBroken) {
			t.Errorf("%s: error %v, want %v", e.name, e.err, errBroken)
		}
	}
	s.wantError(<-ran, errBroken)

	calls["Drain"] = func() error { return w.Drain(ctx) }
	calls["Conn.Write"] = func() error { _, err := client.Write([]byte("x")); return err }
	calls["OpenConnection"] = func() error {
		_, _, err := OpenConnection(ctx, "tcp", client.LocalAddr().String(), nil, WithLoop(s.loop))
		return err
	}
	calls["StartServer"] = func() error {
		_, err := StartServer(ctx, func(context.Context, *StreamReader, *StreamWriter) {}, "tcp", "127.0.0.1:0", nil, WithLoop(s.loop))
		return err
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, errBroken) {
			t.Errorf("%s afterwards: error %v, want %v", name, err, errBroken)
		}
	}
	s.check(client.Close())
	s.check(server.Close())
}

// waits reports whether somebody waits for data.
func (r *StreamReader) waits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiters.Len() > 0
}
