//go:build unix

package sock

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

func TestUnixStream(t *testing.T) {
	t.Parallel()
	path := filepath.Join(shortDir(t), "s")
	a, err := UnixAddr(path)
	ok(t, err)
	ln, bound := listen(t, a)
	if bound != a {
		t.Errorf("bound to %v, want %v", bound, a)
	}
	client, server := connected(t, ln, a)
	if na, err := RemoteAddr(client); err != nil || na.Network() != "unix" || na.String() != path {
		t.Errorf("RemoteAddr = %v, %v", na, err)
	}
	if peer, err := PeerName(server); err != nil || peer.Family() != Unix || peer.Path() != "" {
		t.Errorf("the peer without a name is %v, %v", peer, err)
	}
	if f, err := FamilyOf(server); err != nil || f != Unix {
		t.Errorf("FamilyOf = %v, %v", f, err)
	}
	if n, err := Write(client, []byte("ping")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	buf := make([]byte, 8)
	if n := readSome(t, server, buf); string(buf[:n]) != "ping" {
		t.Fatalf("read %q", buf[:n])
	}
	other := open(t, Unix, Stream)
	gone, _ := UnixAddr(path + "x")
	if err := Connect(other, gone); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("connect to no path: %v", err)
	}
}

func TestUnixDatagram(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	var addrs [2]Addr
	var fds [2]uintptr
	for i := range fds {
		var err error
		addrs[i], err = UnixAddr(filepath.Join(dir, string(rune('a'+i))))
		ok(t, err)
		fds[i] = open(t, Unix, Datagram)
		ok(t, Bind(fds[i], addrs[i]))
	}
	if n, err := SendTo(fds[0], []byte("one"), addrs[1]); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	var from Addr
	buf := make([]byte, 8)
	var n int
	ok(t, until(WouldBlock, func() (err error) { n, err = RecvFrom(fds[1], buf, &from); return err }))
	if string(buf[:n]) != "one" || from != addrs[0] {
		t.Errorf("received %q from %v", buf[:n], from)
	}
	if na, err := LocalAddr(fds[0]); err != nil || na.Network() != "unixgram" {
		t.Errorf("LocalAddr = %v, %v", na, err)
	}
}

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestPipe uses Read, Write and Writev on what is no socket.
func TestPipe(t *testing.T) {
	t.Parallel()
	var p [2]int
	ok(t, unix.Pipe(p[:]))
	r, w := uintptr(p[0]), uintptr(p[1])
	for _, fd := range p {
		unix.CloseOnExec(fd)
		ok(t, SetNonblock(uintptr(fd), true))
	}
	closing(t, w)
	buf := make([]byte, 16)
	if _, err := Read(r, buf); !WouldBlock(err) {
		t.Fatalf("read of nothing: %v", err)
	}
	if n, err := Write(w, []byte("one")); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	var v Vec
	if n, err := Writev(w, [][]byte{[]byte("two"), nil, []byte("six")}, &v); n != 6 || err != nil {
		t.Fatal(n, err)
	}
	if n := readSome(t, r, buf); string(buf[:n]) != "onetwosix" {
		t.Fatalf("read %q", buf[:n])
	}
	if _, err := TypeOf(r); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("TypeOf a pipe: %v", err)
	}
	ok(t, Close(r))
	if _, err := Write(w, []byte("x")); !Disconnected(err) {
		t.Errorf("write without a reader: %v", err)
	}
}

func TestFromFile(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	dup, err := Dup(a)
	ok(t, err)
	ok(t, SetNonblock(dup, false))
	f := os.NewFile(dup, "pair")
	fd, err := FromConn(f)
	ok(t, err)
	closing(t, fd)
	ok(t, f.Close())
	wantNonblock(t, fd, true)
	if n, err := Write(fd, []byte("x")); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n := readSome(t, b, make([]byte, 1)); n != 1 {
		t.Fatal(n)
	}
	if fd, err := FromConn(f); err == nil || fd != Invalid {
		t.Errorf("FromConn of a closed file = %d, %v", fd, err)
	}
}

// TestNotInherited looks at the close-on-exec flag of everything that makes a
// descriptor.
func TestNotInherited(t *testing.T) {
	t.Parallel()
	ln, to := listen(t, loopback(Inet4))
	client, server := connected(t, ln, to)
	a, b := pair(t)
	dup, err := Dup(client)
	ok(t, err)
	closing(t, dup)
	nl, err := net.Listen("tcp4", "127.0.0.1:0")
	ok(t, err)
	defer nl.Close()
	from, err := FromConn(nl)
	ok(t, err)
	closing(t, from)
	for name, fd := range map[string]uintptr{
		"Open": ln, "Accept": server, "Pair a": a, "Pair b": b, "Dup": dup, "FromConn": from,
	} {
		flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: descriptor flags %#x, %v", name, flags, err)
		}
	}
}

// TestBadDescriptor uses a descriptor that is none.
func TestBadDescriptor(t *testing.T) {
	t.Parallel()
	const bad = 1 << 30
	var v Vec
	p := make([]byte, 1)
	for name, f := range map[string]func() error{
		"Read":          func() error { _, err := Read(bad, p); return err },
		"Write":         func() error { _, err := Write(bad, p); return err },
		"Writev":        func() error { _, err := Writev(bad, [][]byte{p}, &v); return err },
		"RecvFrom":      func() error { _, err := RecvFrom(bad, p, nil); return err },
		"SendTo":        func() error { _, err := SendTo(bad, p, loopback(Inet4)); return err },
		"Accept":        func() error { _, err := Accept(bad); return err },
		"Bind":          func() error { return Bind(bad, loopback(Inet4)) },
		"Connect":       func() error { return Connect(bad, loopback(Inet4)) },
		"ConnectError":  func() error { return ConnectError(bad) },
		"Listen":        func() error { return Listen(bad, 1) },
		"ShutdownWrite": func() error { return ShutdownWrite(bad) },
		"Close":         func() error { return Close(bad) },
		"SockName":      func() error { _, err := SockName(bad); return err },
		"LocalAddr":     func() error { _, err := LocalAddr(bad); return err },
		"IsNonblock":    func() error { _, err := IsNonblock(bad); return err },
		"IsListening":   func() error { _, err := IsListening(bad); return err },
		"Dup":           func() error { _, err := Dup(bad); return err },
		"SetNoDelay":    func() error { return SetNoDelay(bad, true) },
		"SetLinger":     func() error { return SetLinger(bad, -1) },
		"SetBroadcast":  func() error { return SetBroadcast(bad, true) },
		"SetReuseAddr":  func() error { return SetReuseAddr(bad, true) },
	} {
		if err := f(); err != error(syscall.EBADF) {
			t.Errorf("%s: %v (%T)", name, err, err)
		}
	}
}

// inChild runs f in a process of its own: this test binary again, with this
// test alone. What f returns fails the test.
func inChild(t *testing.T, f func() error) {
	t.Helper()
	const key = "SOCK_TEST_CHILD"
	if os.Getenv(key) == t.Name() {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	cmd := again.Command("-test.run=^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$")
	cmd.Env = append(os.Environ(), key+"="+t.Name())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
}

func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	inChild(t, func() error {
		ln, err := Open(Inet4, Stream)
		if err == nil {
			err = errors.Join(Bind(ln, loopback(Inet4)), Listen(ln, 8))
		}
		if err != nil {
			return err
		}
		to, err := SockName(ln)
		if err != nil {
			return err
		}
		client, err := Open(Inet4, Stream)
		if err != nil {
			return err
		}
		if err := Connect(client, to); err != nil && !InProgress(err) {
			return err
		}
		if err := until(InProgress, func() error { return ConnectError(client) }); err != nil {
			return err
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 40, Max: 40}); err != nil {
			return err
		}
		var fds []uintptr
		for len(fds) < 100 {
			fd, err := Open(Inet4, Stream)
			if err != nil {
				if !OutOfDescriptors(err) {
					return fmt.Errorf("open: %w", err)
				}
				break
			}
			fds = append(fds, fd)
		}
		if len(fds) == 0 || len(fds) == 100 {
			return fmt.Errorf("%d sockets under a limit of 40", len(fds))
		}
		if _, err := Accept(ln); !OutOfDescriptors(err) {
			return fmt.Errorf("accept: %w", err)
		}
		if _, _, err := Pair(); !OutOfDescriptors(err) {
			return fmt.Errorf("pair: %w", err)
		}
		if _, err := Dup(ln); !OutOfDescriptors(err) {
			return fmt.Errorf("dup: %w", err)
		}
		// The connection was not lost meanwhile.
		if err := Close(fds[0]); err != nil {
			return err
		}
		_, err = Accept(ln)
		return err
	})
}

// TestNoSigpipe counts the signals that writes to a closed connection raise.
func TestNoSigpipe(t *testing.T) {
	t.Parallel()
	inChild(t, func() error {
		c := make(chan os.Signal, 8)
		signal.Notify(c, syscall.SIGPIPE, syscall.SIGWINCH)
		a, b, err := Pair()
		if err != nil {
			return err
		}
		if err := Close(b); err != nil {
			return err
		}
		var v Vec
		if _, err := Write(a, []byte("x")); !Disconnected(err) {
			return fmt.Errorf("write: %w", err)
		}
		if _, err := Writev(a, [][]byte{{1}}, &v); !Disconnected(err) {
			return fmt.Errorf("writev: %w", err)
		}
		// Had they raised SIGPIPE, it would have come before this one.
		if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
			return err
		}
		if s := <-c; s != syscall.SIGWINCH {
			return fmt.Errorf("a write raised %v", s)
		}
		return nil
	})
}
