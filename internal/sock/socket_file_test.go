//go:build unix

package sock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// named is a socket that is bound to a path by BindFile, for the caller to close. Another
// test that starts a process may keep the one before it for a moment: what is forked has it
// until it is another program.
func named(t *testing.T, path string, typ Type) (fd uintptr, f *SocketFile) {
	t.Helper()
	a, err := UnixAddr(path)
	ok(t, err)
	fd, err = Open(Unix, typ)
	ok(t, err)
	ok(t, until(isInUse, func() (err error) { f, err = BindFile(fd, a); return err }))
	return fd, f
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// TestBindFile: what is at the path is replaced only if nobody has it.
func TestBindFile(t *testing.T) {
	t.Parallel()
	inUse := func(t *testing.T, path string) {
		t.Helper()
		a, err := UnixAddr(path)
		ok(t, err)
		if f, err := BindFile(open(t, Unix, Stream), a); f != nil || !isInUse(err) {
			t.Errorf("%v, %v", f, err)
		}
	}
	for _, typ := range []Type{Stream, Datagram} {
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(shortDir(t), "s")
			fd, f := named(t, path, typ)
			if f == nil || f.Path() != path {
				t.Fatalf("the file is %v", f)
			}
			inUse(t, path) // though it does not listen
			dup, err := Dup(fd)
			ok(t, err)
			ok(t, Close(fd))
			inUse(t, path) // somebody still has it
			ok(t, Close(dup))
			again, g := named(t, path, typ)
			ok(t, f.Remove()) // what is there is not the one that it was
			if !exists(path) {
				t.Error("another file was removed")
			}
			ok(t, g.Remove())
			if exists(path) {
				t.Error("the file is still there")
			}
			ok(t, errors.Join(g.Remove(), Close(again)))
		})
	}
	t.Run("listens", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(shortDir(t), "s")
		fd, f := named(t, path, Stream)
		closing(t, fd)
		ok(t, Listen(fd, 1))
		inUse(t, path)
		if _, err := Accept(fd); !WouldBlock(err) {
			t.Errorf("it was connected to: %v", err)
		}
		a, err := UnixAddr(path)
		ok(t, err)
		for err == nil { // until the queue is full
			err = Connect(open(t, Unix, Stream), a)
		}
		inUse(t, path)
		given, err := FileOf(fd)
		if err != nil || given == nil || given.Path() != f.Path() {
			t.Errorf("FileOf is %v, %v", given, err)
		}
		ok(t, given.Remove())
		if exists(path) {
			t.Error("the file is still there")
		}
	})
	t.Run("no file", func(t *testing.T) {
		t.Parallel()
		a, _ := pair(t)
		tcp := open(t, Inet4, Stream)
		ok(t, Bind(tcp, loopback(Inet4)))
		for _, fd := range []uintptr{a, tcp, open(t, Unix, Stream)} {
			if f, err := FileOf(fd); f != nil || err != nil {
				t.Errorf("%v, %v", f, err)
			}
		}
	})
}

// TestBindFileForbidden: the file of a socket that nobody has is in a directory from which
// nothing may be removed.
func TestBindFileForbidden(t *testing.T) {
	t.Parallel()
	inChild(t, func() error {
		dir, err := os.MkdirTemp("", "s")
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "s")
		a, err := UnixAddr(path)
		if err != nil {
			return err
		}
		fd, err := Open(Unix, Stream)
		if err == nil {
			err = errors.Join(Bind(fd, a), Close(fd), os.Chmod(path, 0o777), os.Chmod(dir, 0o555))
		}
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		defer os.Chmod(dir, 0o755)
		if os.Geteuid() == 0 {
			if err := syscall.Seteuid(65534); err != nil { // whom it can be forbidden
				return err
			}
			defer syscall.Seteuid(0)
		}
		if fd, err = Open(Unix, Stream); err != nil {
			return err
		}
		defer Close(fd)
		if f, err := BindFile(fd, a); f != nil || !isInUse(err) || !errors.Is(err, unix.EACCES) {
			return fmt.Errorf("%v, %w", f, err)
		}
		return nil
	})
}

// TestPeerCredentials: both ends of a pair are this process.
func TestPeerCredentials(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for _, fd := range []uintptr{a, b} {
		c, err := PeerCredentials(fd)
		if err != nil || c.PID != os.Getpid() && c.PID != -1 || c.UID != os.Geteuid() || c.GID != os.Getegid() {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if c, err := PeerCredentials(1 << 30); err == nil {
		t.Errorf("of no descriptor: %+v", c)
	}
}
