package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// pipeNumber counts the names of this process.
var pipeNumber atomic.Uint32

// pipeName is a name that nobody else has.
func pipeName() string {
	return fmt.Sprintf(`\\.\pipe\asyncio-test-%d-%d`, os.Getpid(), pipeNumber.Add(1))
}

// namedRow runs f, in the subtest named row, over each proactor, with a name.
func namedRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string)) {
	t.Helper()
	pipeRow(t, row, func(ctx context.Context, n *netTest) {
		f(ctx, n, n.l.(*asyncio.ProactorEventLoop), pipeName())
	})
}

// opens opens a pipe that is served.
func (n *netTest) opens(ctx context.Context, l *asyncio.ProactorEventLoop, name string) *recorder {
	n.Helper()
	r := &recorder{}
	if _, _, err := l.CreatePipeConnection(ctx, func() asyncio.Protocol { return r }, name); err != nil {
		n.Fatal(err)
	}
	want(n, "history", r.history(), "made")
	return r
}

// louder answers each piece in upper case.
func louder() asyncio.Protocol {
	r := &recorder{}
	r.onData = func(p []byte) { _, _ = r.transport.Write(bytes.ToUpper(p)) } // whose error is the client's, too
	return r
}

// TestNamedPipes: pipes with names are served as sockets are.
func TestNamedPipes(t *testing.T) {
	t.Parallel()
	doubleBind := "windows.003.pipe-double-bind"
	if testkit.UnderWine() {
		doubleBind = "pipe-double-bind" // which Wine allows: its failure says nothing of the row
	}
	namedRow(t, doubleBind, func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		s, err := l.StartServingPipe(ctx, louder, name)
		n.check(err)
		defer s.Close()
		two, err := l.StartServingPipe(ctx, louder, name)
		wantError(n, err, fs.ErrPermission)
		if err == nil {
			n.check(two.Close())
		}
	})
	namedRow(t, "windows.004a.pipe-no-server", func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		refused := func(when string) {
			_, _, err := l.CreatePipeConnection(ctx, louder, name)
			if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
				n.Errorf("%s: %v", when, err)
			}
		}
		refused("before it is served")
		var served *recorder
		s, err := l.StartServingPipe(ctx, func() asyncio.Protocol {
			served = louder().(*recorder)
			return served
		}, name)
		n.check(err)
		r := n.opens(ctx, l, name)
		_, err = r.transport.Write([]byte("there"))
		n.check(err)
		n.until(ctx, "an answer", func() bool { return string(r.data) == "THERE" })
		n.check(s.Close()) // who has opened it and was not served yet would be dropped
		n.check(s.Close())
		_, err = r.transport.Write([]byte(" still"))
		n.check(err)
		n.until(ctx, "an answer", func() bool { return string(r.data) == "THERE STILL" })
		n.endPipe(ctx, r)
		n.until(ctx, "the server's side", func() bool { return served.lost })
		refused("after the server has closed")
	})
	namedRow(t, "windows.004b.pipe-five-clients", func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		s, err := l.StartServingPipe(ctx, louder, name)
		n.check(err)
		var clients []*recorder
		for range 5 {
			clients = append(clients, n.opens(ctx, l, name))
		}
		for i, r := range clients {
			_, err := r.transport.Write(fmt.Appendf(nil, "lower-%d\n", i))
			n.check(err)
		}
		for i, r := range clients {
			answer := fmt.Sprintf("LOWER-%d\n", i)
			n.until(ctx, "an answer", func() bool { return len(r.data) >= len(answer) })
			want(n, "answer", string(r.data), answer)
			n.endPipe(ctx, r)
		}
		n.check(s.Close())
	})
	namedRow(t, "windows.005.connect-pipe-cancel", func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		only := n.onlyInstance(name)
		defer windows.CloseHandle(only)
		first := n.opens(ctx, l, name)
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			_, _, err := l.CreatePipeConnection(ctx, louder, name)
			return 0, err
		})
		for range 3 { // it tries again, and stays
			n.check(asyncio.Sleep(ctx, 2*instant))
			want(n, "over", task.Done(), false)
		}
		want(n, "cancelled", task.Cancel(), true)
		_, err := task.Await(ctx)
		wantError(n, err, asyncio.ErrCancelled)
		n.endPipe(ctx, first)
	})
	namedRow(t, "windows.010.client-pipe-stat", func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		s, err := l.StartServingPipe(ctx, louder, name)
		n.check(err)
		for range 20 {
			_, err := os.Stat(name) // which opens it and goes
			if err != nil && !errors.Is(err, windows.ERROR_PIPE_BUSY) {
				n.Error(err)
			}
			n.check(asyncio.Sleep(ctx, 0))
		}
		r := n.opens(ctx, l, name)
		_, err = r.transport.Write([]byte("after them"))
		n.check(err)
		n.until(ctx, "an answer", func() bool { return string(r.data) == "AFTER THEM" })
		n.endPipe(ctx, r)
		n.check(s.Close())
		n.until(ctx, "the name to be gone", func() bool { // with the last connection, which the server's side ends
			_, err := os.Stat(name)
			return errors.Is(err, fs.ErrNotExist)
		})
		_, _, err = l.CreatePipeConnection(ctx, louder, name)
		wantError(n, err, fs.ErrNotExist)
	})
	namedRow(t, "ends and refusals", func(ctx context.Context, n *netTest, l *asyncio.ProactorEventLoop, name string) {
		served := &recorder{}
		s, err := l.StartServingPipe(ctx, func() asyncio.Protocol { return served }, name)
		n.check(err)
		r := n.opens(ctx, l, name)
		n.until(ctx, "the server's side", func() bool { return served.transport != nil })
		want(n, "can end writing", r.transport.CanWriteEOF(), false)
		wantError(n, r.transport.WriteEOF(), errors.ErrUnsupported)
		_, err = r.transport.Write([]byte("last"))
		n.check(err)
		n.check(r.transport.Close())
		n.until(ctx, "both ends", func() bool { return r.lost && served.lost })
		want(n, "what came", string(served.data), "last")
		want(n, "history", served.history(), "made data eof lost")
		n.check(s.Close())
		for _, bad := range []string{"", `\\.\pipe\`, "lights"} {
			_, err := l.StartServingPipe(ctx, louder, bad)
			wantError(n, err, asyncio.ErrInvalidArgument)
		}
		_, err = l.StartServingPipe(ctx, nil, name)
		wantError(n, err, asyncio.ErrInvalidArgument)
		_, err = l.StartServingPipe(ctx, louder, pipeName()) // which the loop's close ends
		n.check(err)
	})
}

// onlyInstance makes the one instance that a pipe may have.
func (n *netTest) onlyInstance(name string) windows.Handle {
	n.Helper()
	name16, err := windows.UTF16PtrFromString(name)
	n.check(err)
	h, err := windows.CreateNamedPipe(name16, windows.PIPE_ACCESS_DUPLEX, 0, 1, 8192, 8192, 0, nil)
	if err != nil {
		n.Fatal(err)
	}
	return h
}
