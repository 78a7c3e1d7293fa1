package sock_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestReopen: what is opened anew blocks or not by itself, and only what can be is.
func TestReopen(t *testing.T) {
	t.Parallel()
	r, w, _ := rawPipe(t)
	master, slave, err := testkit.Terminal()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	for _, c := range []struct {
		name   string
		fd     uintptr
		kind   sock.FileKind
		writes bool
	}{{"read end", r, sock.Pipe, false}, {"write end", w, sock.Pipe, true}, {"terminal", slave.Fd(), sock.CharDevice, true}} {
		if err := sock.SetNonblock(c.fd, false); err != nil {
			t.Fatal(err)
		}
		fd, err := sock.Reopen(c.fd, c.kind, c.writes)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		closing(t, fd)
		before, _ := sock.IsNonblock(c.fd)
		now, _ := sock.IsNonblock(fd)
		reads, writes, _ := sock.Access(fd)
		flags, _ := unix.FcntlInt(fd, unix.F_GETFD, 0)
		if before || !now || reads == c.writes || writes != c.writes || fd < 3 || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: the first does not block: %v; number %d does not: %v; reads %v, writes %v, flags %#x", c.name, before, fd, now, reads, writes, flags)
		}
	}
	a, b, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	closing(t, a)
	closing(t, b)
	for name, refused := range map[string]struct {
		fd   uintptr
		kind sock.FileKind
	}{"a socket": {a, sock.AnySocket}, "the user's side of a terminal": {master.Fd(), sock.CharDevice}, "nothing": {sock.Invalid, sock.Pipe}} {
		if fd, err := sock.Reopen(refused.fd, refused.kind, false); err == nil {
			closing(t, fd)
			t.Errorf("%s is opened anew as %d", name, fd)
		}
	}
}
