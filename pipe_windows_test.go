package asyncio_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
)

// overlappedFiles makes a pipe whose ends are files of Go's.
func (n *netTest) overlappedFiles() (r, w *os.File) {
	n.Helper()
	rFD, wFD, err := sock.OpenPipe(true, true)
	if err != nil {
		n.Fatal(err)
	}
	return n.plainEnd(rFD), n.plainEnd(wFD)
}

// TestPipeFiles: files of Go's that are overlapped are taken over.
func TestPipeFiles(t *testing.T) {
	t.Parallel()
	pipeRow(t, "overlapped files", func(ctx context.Context, n *netTest) {
		rf, wf := n.overlappedFiles()
		r, w := n.readPipe(ctx, rf), n.writePipe(ctx, wf)
		_, err := w.transport.Write([]byte("hello"))
		n.check(err)
		n.until(ctx, "the data", func() bool { return string(r.data) == "hello" })
		n.endPipe(ctx, w)
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n, "history", r.history(), "made data eof lost")
	})
}

// TestPipeFilesRefused: what cannot be waited for is refused with a way out, and closed.
func TestPipeFilesRefused(t *testing.T) {
	t.Parallel()
	pipeRow(t, "plain files", func(ctx context.Context, n *netTest) {
		r, w, err := os.Pipe()
		n.check(err)
		for f, connect := range map[*os.File]connectPipe{r: n.l.ConnectReadPipe, w: n.l.ConnectWritePipe} {
			_, _, err := connect(ctx, func() asyncio.Protocol { return &recorder{} }, f)
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "FILE_FLAG_OVERLAPPED") {
				n.Errorf("a pipe that is not overlapped: %v", err)
			}
			if _, err := f.Stat(); err == nil {
				n.Error("it stays open")
			}
		}
		exe, err := os.Executable()
		n.check(err)
		f, err := os.Open(exe)
		n.check(err)
		_, _, err = n.l.ConnectReadPipe(ctx, func() asyncio.Protocol { return &recorder{} }, f)
		wantError(n, err, asyncio.ErrInvalidArgument)
	})
	t.Run("of selectors", func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Selectors, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) {
				r, w := n.overlappedFiles()
				for f, connect := range map[*os.File]connectPipe{r: n.l.ConnectReadPipe, w: n.l.ConnectWritePipe} {
					_, _, err := connect(ctx, func() asyncio.Protocol { return &recorder{} }, f)
					if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "use a proactor event loop") {
						n.Errorf("over select: %v", err)
					}
					if _, err := f.Stat(); err == nil {
						n.Error("it stays open")
					}
				}
			})
		})
	})
}

// TestPipeHandleClosedElsewhere: the first close tells, and is one all the same.
func TestPipeHandleClosedElsewhere(t *testing.T) {
	t.Run("windows.702.pipe-handle-closed-elsewhere", func(t *testing.T) {
		testkit.Over(t, testkit.Proactors, func(t *testing.T, m testkit.Mechanism) {
			p, err := proactors.NewIOCPProactor()
			must(t, err)
			e := completion.New(p)
			r, w, err := sock.OpenPipe(true, true)
			must(t, err)
			s, err := e.Pipe(r, engine.Read, nil)
			must(t, err)
			// A handle that is really closed may be somebody else's at once, even the Go
			// runtime's; of one that is protected the system says the same.
			const protect = 2 // HANDLE_FLAG_PROTECT_FROM_CLOSE
			must(t, windows.SetHandleInformation(windows.Handle(r), protect, protect))
			wantError(t, s.Close(), windows.ERROR_INVALID_HANDLE)
			must(t, windows.SetHandleInformation(windows.Handle(r), protect, 0))
			must(t, windows.CloseHandle(windows.Handle(r)))
			must(t, s.Close())
			must(t, s.Close())
			must(t, sock.Close(w))
			must(t, e.Close())
		})
	})
}
