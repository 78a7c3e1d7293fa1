//go:build unix

package sock_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// closing closes a descriptor at the end of the test, and returns what closes it before.
func closing(t *testing.T, fd uintptr) (early func()) {
	t.Helper()
	early = sync.OnceFunc(func() {
		if err := sock.Close(fd); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(early)
	return early
}

// rawPipe makes a pipe that does not block, and returns what closes its read end early.
func rawPipe(t *testing.T) (r, w uintptr, closeRead func()) {
	t.Helper()
	rf, wf, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer rf.Close()
	defer wf.Close()
	dup := func(f *os.File) uintptr {
		fd, err := sock.FromConn(f)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	r, w = dup(rf), dup(wf)
	closing(t, w)
	return r, w, closing(t, r)
}

// TestKindOf: each kind of file, and in which ways it was opened.
func TestKindOf(t *testing.T) {
	t.Parallel()
	r, w, _ := rawPipe(t)
	a, b, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	closing(t, a)
	closing(t, b)
	regular, err := os.Create(filepath.Join(t.TempDir(), "regular"))
	if err != nil {
		t.Fatal(err)
	}
	defer regular.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		name          string
		fd            uintptr
		kind          sock.FileKind
		reads, writes bool
	}{
		{"read end", r, sock.Pipe, true, false},
		{"write end", w, sock.Pipe, false, true},
		{"socket", a, sock.AnySocket, true, true},
		{"regular file", regular.Fd(), 0, true, true},
		{"null device", null.Fd(), sock.CharDevice, true, false},
	} {
		kind, err := sock.KindOf(c.fd)
		reads, writes, accessErr := sock.Access(c.fd)
		if kind != c.kind || err != nil || reads != c.reads || writes != c.writes || accessErr != nil {
			t.Errorf("%s: kind %d, %v; reads %v, writes %v, %v", c.name, kind, err, reads, writes, accessErr)
		}
	}
	if kind, err := sock.KindOf(sock.Invalid); err == nil {
		t.Errorf("no descriptor is of kind %d", kind)
	}
	if _, _, err := sock.Access(sock.Invalid); err == nil {
		t.Error("no descriptor was opened in some way")
	}
}

// TestDupPlain: a duplicate has no standard number, and needs what it is one of.
func TestDupPlain(t *testing.T) {
	t.Parallel()
	r, _, _ := rawPipe(t)
	fd, err := sock.DupPlain(r)
	if err != nil || fd < 3 {
		t.Fatalf("DupPlain = %d, %v", fd, err)
	}
	closing(t, fd)
	if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("a child inherits it: %d, %v", flags, err)
	}
	if _, err := sock.DupPlain(sock.Invalid); err == nil {
		t.Error("no descriptor has a duplicate")
	}
}

// TestReaderOf: who reads, and that looking takes nothing away.
func TestReaderOf(t *testing.T) {
	t.Parallel()
	wants := func(what string, fd uintptr, kind sock.FileKind, want sock.Reader) {
		t.Helper()
		if got := sock.ReaderOf(fd, kind); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	_, w, closeRead := rawPipe(t)
	wants("a pipe", w, sock.Pipe, sock.ReaderThere)
	closeRead()
	wants("a pipe that nobody reads", w, sock.Pipe, sock.ReaderGone)

	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	if _, err := both.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	wants("a FIFO that is its own reader", both.Fd(), sock.Pipe, sock.ReaderUnknown)

	a, b, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	closing(t, a)
	closePeer := closing(t, b)
	wants("a socket", a, sock.AnySocket, sock.ReaderThere)
	if _, err := sock.Write(b, []byte("data")); err != nil {
		t.Fatal(err)
	}
	wants("a socket whose peer writes", a, sock.AnySocket, sock.ReaderUnknown)
	p := make([]byte, 10)
	if n, err := sock.Read(a, p); string(p[:max(n, 0)]) != "data" || err != nil {
		t.Errorf("after it was looked into: %q, %v", p[:max(n, 0)], err)
	}
	closePeer()
	wants("a socket whose peer has gone", a, sock.AnySocket, sock.ReaderGone)
}
