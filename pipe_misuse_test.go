//go:build unix

package asyncio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// pipeCalls are both calls of a loop.
func pipeCalls(l asyncio.EventLoop) map[string]connectPipe {
	return map[string]connectPipe{"ConnectReadPipe": l.ConnectReadPipe, "ConnectWritePipe": l.ConnectWritePipe}
}

// anyProtocol is a factory.
func anyProtocol() asyncio.Protocol { return asyncio.BaseProtocol{} }

// isOpen reports whether a file is.
func isOpen(f *os.File) bool {
	_, err := f.Stat()
	return err == nil
}

// openFile opens a file of the test's.
func (n *netTest) openFile(path string, flags int) *os.File {
	n.Helper()
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { f.Close() })
	return f
}

// TestPipeRefused: what is no pipe is refused with an error that names call, argument and
// remedy, and closed; what somebody has is left alone.
func TestPipeRefused(t *testing.T) {
	t.Parallel()
	pipeRow(t, "unix.070.pipe-kind-check", func(ctx context.Context, n *netTest) {
		for name, connect := range pipeCalls(n.l) {
			path := filepath.Join(n.TempDir(), "regular")
			f := n.openFile(path, os.O_RDWR|os.O_CREATE)
			made := false
			tr, p, err := connect(ctx, func() asyncio.Protocol { made = true; return &recorder{} }, f)
			wantError(n, err, asyncio.ErrInvalidArgument)
			for _, part := range []string{name, path, "a pipe, a stream socket or a terminal was expected", "ToThread"} {
				if err == nil || !strings.Contains(err.Error(), part) {
					n.Errorf("%v does not say %q", err, part)
				}
			}
			if tr != nil || p != nil || made || isOpen(f) {
				n.Errorf("transport %v, protocol %v, made=%v, the file is open: %v", tr, p, made, isOpen(f))
			}
		}
	})
	pipeRow(t, "wrong ways and kinds", func(ctx context.Context, n *netTest) {
		r, w := n.pipe()
		folder := n.openFile(n.TempDir(), os.O_RDONLY)
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		n.check(err)
		defer c.Close()
		datagrams, err := c.File()
		n.check(err)
		for _, x := range []struct {
			connect connectPipe
			f       *os.File
			says    string
		}{
			{n.l.ConnectReadPipe, w, "not open for reading"},
			{n.l.ConnectWritePipe, r, "not open for writing"},
			{n.l.ConnectReadPipe, folder, "neither a pipe nor a socket"},
			{n.l.ConnectReadPipe, datagrams, "is a datagram socket"},
		} {
			_, _, err := x.connect(ctx, anyProtocol, x.f)
			wantError(n, err, asyncio.ErrInvalidArgument)
			if err == nil || !strings.Contains(err.Error(), x.says) || isOpen(x.f) {
				n.Errorf("%v, want it to say %q; open: %v", err, x.says, isOpen(x.f))
			}
		}
	})
	pipeRow(t, "nothing given", func(ctx context.Context, n *netTest) {
		for name, connect := range pipeCalls(n.l) {
			_, _, err := connect(ctx, anyProtocol, nil)
			wantError(n, err, asyncio.ErrInvalidArgument)
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "the pipe is nil") {
				n.Errorf("without a pipe: %v", err)
			}
			r, w := n.pipe()
			f := map[string]*os.File{"ConnectReadPipe": r, "ConnectWritePipe": w}[name]
			_, _, err = connect(ctx, nil, f)
			wantError(n, err, asyncio.ErrInvalidArgument)
			if err == nil || !strings.Contains(err.Error(), "the factory is nil") || isOpen(f) {
				n.Errorf("without a factory: %v; open: %v", err, isOpen(f))
			}
			_, _, err = connect(ctx, anyProtocol, f)
			wantError(n, err, asyncio.ErrInvalidArgument)
			wantError(n, err, os.ErrClosed)
		}
	})
	pipeRow(t, "somebody has it", func(ctx context.Context, n *netTest) {
		r, _ := n.pipe()
		fd := r.Fd()
		n.check(syscall.SetNonblock(int(fd), true))
		n.check(n.l.AddReader(fd, func() {}))
		_, _, err := n.l.ConnectReadPipe(ctx, anyProtocol, r)
		wantError(n, err, asyncio.ErrInvalidArgument)
		if err == nil || !strings.Contains(err.Error(), "left alone") || !isOpen(r) {
			n.Errorf("%v; open: %v", err, isOpen(r))
		}
		removed, err := n.l.RemoveReader(fd)
		n.check(err)
		want(n, "removed", removed, true)
		n.endPipe(ctx, n.readPipe(ctx, r))
	})
	pipeRow(t, "a reader of a transport's", func(ctx context.Context, n *netTest) {
		r, _ := n.toRead(ctx)
		err := n.l.AddReader(pipeOf(r.transport), func() {})
		if err == nil || !strings.Contains(err.Error(), "is used by transport <ReadPipeTransport") {
			n.Errorf("AddReader: %v", err)
		}
		n.endPipe(ctx, r)
	})
	pipeRow(t, "null device", func(ctx context.Context, n *netTest) {
		f := n.openFile(os.DevNull, os.O_RDWR)
		r := &recorder{}
		_, _, err := n.l.ConnectReadPipe(ctx, func() asyncio.Protocol { return r }, f)
		if err == nil {
			n.until(ctx, "its end", func() bool { return r.lost })
			want(n, "history", r.history(), "made eof lost")
			return
		}
		if !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), "epoll cannot wait for") || isOpen(f) {
			n.Errorf("%v; open: %v", err, isOpen(f)) // epoll has no readiness for it
		}
	})
}
