package sock

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

// closing closes fd when the test ends, and fails the test if that fails.
func closing(t *testing.T, fd uintptr) uintptr {
	t.Helper()
	t.Cleanup(func() {
		if err := Close(fd); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return fd
}

func pair(t *testing.T) (a, b uintptr) {
	t.Helper()
	a, b, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, a), closing(t, b)
}

// loopback returns the loopback address of family f with a port that the
// system is to pick.
func loopback(f Family) Addr {
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if f == Inet6 {
		ip = netip.IPv6Loopback()
	}
	a, err := InetAddr(netip.AddrPortFrom(ip, 0))
	if err != nil {
		panic(err)
	}
	return a
}

// families returns the IP families whose loopback address this machine has.
func families(t *testing.T) []Family {
	t.Helper()
	fd, err := Open(Inet6, Stream)
	if err == nil {
		defer Close(fd)
		err = Bind(fd, loopback(Inet6))
	}
	if err != nil {
		t.Logf("no IPv6 here: %v", err)
		return []Family{Inet4}
	}
	return []Family{Inet4, Inet6}
}

func open(t *testing.T, f Family, typ Type) uintptr {
	t.Helper()
	fd, err := Open(f, typ)
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, fd)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func udp(t *testing.T, f Family) uintptr {
	t.Helper()
	fd := open(t, f, Datagram)
	ok(t, Bind(fd, loopback(f)))
	return fd
}

// listen returns a listening socket and its address.
func listen(t *testing.T, a Addr) (uintptr, Addr) {
	t.Helper()
	fd := open(t, a.Family(), Stream)
	ok(t, Bind(fd, a))
	ok(t, Listen(fd, 8))
	a, err := SockName(fd)
	ok(t, err)
	return fd, a
}

// until calls f until it returns no error for which again holds. The tests
// have no selector; loopback needs a moment at most, and the test's own time
// limit is the bound.
func until(again func(error) bool, f func() error) error {
	for {
		err := f()
		if err == nil || !again(err) {
			return err
		}
		time.Sleep(50 * time.Microsecond) // what is awaited comes from the system, which tells nobody here
	}
}

// connected returns both ends of a connection to a listener.
func connected(t *testing.T, ln uintptr, to Addr) (client, server uintptr) {
	t.Helper()
	client = open(t, to.Family(), Stream)
	if err := Connect(client, to); err != nil {
		if !InProgress(err) {
			t.Fatal(err)
		}
		ok(t, until(InProgress, func() error { return ConnectError(client) }))
	}
	ok(t, until(WouldBlock, func() (err error) { server, err = Accept(ln); return err }))
	return client, closing(t, server)
}

func readSome(t *testing.T, fd uintptr, p []byte) int {
	t.Helper()
	var n int
	ok(t, until(WouldBlock, func() (err error) { n, err = Read(fd, p); return err }))
	return n
}

// wantNonblock checks IsNonblock, which some systems cannot tell.
func wantNonblock(t *testing.T, fd uintptr, want bool) {
	t.Helper()
	got, err := IsNonblock(fd)
	if !tellsNonblock {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("IsNonblock: %v", err)
		}
		return
	}
	if err != nil || got != want {
		t.Errorf("IsNonblock = %v, %v; want %v", got, err, want)
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for _, fd := range []uintptr{a, b} {
		wantNonblock(t, fd, true)
	}
	buf := make([]byte, 16)
	if _, err := Read(b, buf); !WouldBlock(err) {
		t.Fatalf("read of nothing: %v", err)
	}
	if n, err := Write(a, []byte("hello")); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if n := readSome(t, b, buf); string(buf[:n]) != "hello" {
		t.Fatalf("read %q", buf[:n])
	}
	ok(t, ShutdownWrite(a))
	if n := readSome(t, b, buf); n != 0 {
		t.Fatalf("read %d bytes at the end of the stream", n)
	}
	if n, err := Write(b, []byte("back")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if n := readSome(t, a, buf); string(buf[:n]) != "back" {
		t.Fatalf("read %q", buf[:n])
	}
}

func TestTCP(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			ln, to := listen(t, loopback(f))
			if _, err := Accept(ln); !WouldBlock(err) {
				t.Fatalf("accept of nothing: %v", err)
			}
			client, server := connected(t, ln, to)
			wantNonblock(t, server, true)
			mine, err := SockName(client)
			ok(t, err)
			if peer, err := PeerName(server); err != nil || peer != mine {
				t.Errorf("peer of the accepted one is %v (%v), want %v", peer, err, mine)
			}
			na, err := RemoteAddr(client)
			ok(t, err)
			if tcp, is := na.(*net.TCPAddr); !is || tcp.AddrPort() != to.AddrPort() {
				t.Errorf("RemoteAddr = %v (%T), want %v", na, na, to)
			}
			if is, err := IsListening(ln); err != nil || !is {
				t.Errorf("IsListening(listener) = %v, %v", is, err)
			}
			if is, err := IsListening(client); err != nil || is {
				t.Errorf("IsListening(client) = %v, %v", is, err)
			}
			if got, err := FamilyOf(client); err != nil || got != f {
				t.Errorf("FamilyOf = %v, %v", got, err)
			}
			if got, err := TypeOf(client); err != nil || got != Stream {
				t.Errorf("TypeOf = %v, %v", got, err)
			}
			ok(t, SetNoDelay(client, true))
			ok(t, SetKeepAlive(client, true))
			if n, err := Write(client, []byte("ping")); n != 4 || err != nil {
				t.Fatal(n, err)
			}
			buf := make([]byte, 8)
			if n := readSome(t, server, buf); string(buf[:n]) != "ping" {
				t.Fatalf("read %q", buf[:n])
			}
		})
	}
}

// TestWriteUntilFull fills a connection that nobody reads, then reads it all:
// partial writes say truly how much was taken.
func TestWriteUntilFull(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	chunk := make([]byte, 10000)
	for i := range chunk {
		chunk[i] = byte(i)
	}
	var v Vec
	sent := 0
	for i := 0; ; i++ {
		var n int
		var err error
		at := sent % len(chunk)
		if i%2 == 0 {
			n, err = Write(a, chunk[at:])
		} else {
			n, err = Writev(a, [][]byte{chunk[at:], nil, chunk[:at]}, &v)
		}
		sent += n
		if WouldBlock(err) {
			break
		}
		ok(t, err)
	}
	if sent == 0 {
		t.Fatal("nothing was sent")
	}
	ok(t, ShutdownWrite(a))
	buf := make([]byte, 7777)
	for got := 0; ; {
		n := readSome(t, b, buf)
		if n == 0 {
			if got != sent {
				t.Fatalf("%d bytes arrived of %d", got, sent)
			}
			return
		}
		for i, c := range buf[:n] {
			if c != chunk[(got+i)%len(chunk)] {
				t.Fatalf("byte %d is wrong", got+i)
			}
		}
		got += n
	}
}

// TestWritevCap gives Writev more slices than it takes at once.
func TestWritevCap(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	bufs := make([][]byte, maxVec+10)
	for i := range bufs {
		bufs[i] = []byte{byte(i)}
	}
	var v Vec
	if n, err := Writev(a, bufs, &v); n != maxVec || err != nil {
		t.Fatal(n, err)
	}
	buf := make([]byte, 2*maxVec)
	if n := readSome(t, b, buf); n != maxVec || buf[n-1] != maxVec-1 {
		t.Fatalf("%d bytes, the last %d", n, buf[n-1])
	}
	if n, err := Writev(a, nil, &v); n != 0 || err != nil {
		t.Errorf("Writev of nothing = %d, %v", n, err)
	}
}

// TestDisconnected writes to a peer that is gone. The process surviving it is
// half of the test.
func TestDisconnected(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			ln, to := listen(t, loopback(f))
			client, server := connected(t, ln, to)
			gone, err := Dup(server) // server itself is closed by the test's end
			ok(t, err)
			ok(t, SetLinger(gone, 0))
			ok(t, Close(gone))
			ok(t, ShutdownWrite(server))
			_, err = Write(server, []byte("x"))
			if !Disconnected(err) {
				t.Errorf("write after shutdown: %v", err)
			}
			var v Vec
			if _, err = Writev(server, [][]byte{{1}, {2}}, &v); !Disconnected(err) {
				t.Errorf("gathered write after shutdown: %v", err)
			}
			_ = client
		})
	}
}

// TestReset closes one end so that the other one's connection is reset.
func TestReset(t *testing.T) {
	t.Parallel()
	ln, to := listen(t, loopback(Inet4))
	client := open(t, Inet4, Stream)
	if err := Connect(client, to); err != nil && !InProgress(err) {
		t.Fatal(err)
	}
	var server uintptr
	ok(t, until(WouldBlock, func() (err error) { server, err = Accept(ln); return err }))
	ok(t, SetLinger(server, 0))
	ok(t, Close(server))
	err := until(WouldBlock, func() error { _, err := Read(client, make([]byte, 1)); return err })
	// Wine ends the stream before it resets the connection; then the next thing
	// that is sent meets the reset.
	for err == nil {
		_, err = Write(client, make([]byte, 1))
	}
	if !Disconnected(err) {
		t.Fatalf("use of a reset connection: %v", err)
	}
}

// TestConnectRefused connects to a port that nobody listens on: one that is
// bound and never listened on.
func TestConnectRefused(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			dead := open(t, f, Stream)
			ok(t, Bind(dead, loopback(f)))
			to, err := SockName(dead)
			ok(t, err)
			client := open(t, f, Stream)
			err = Connect(client, to)
			if InProgress(err) {
				err = until(InProgress, func() error { return ConnectError(client) })
			}
			if !isRefused(err) {
				t.Fatalf("connect to a dead port: %v", err)
			}
			var errno syscall.Errno
			if e, bare := err.(syscall.Errno); !bare || !errors.As(err, &errno) || e != errno {
				t.Errorf("%T is not a bare errno", err)
			}
		})
	}
}

func TestUDP(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			u1, u2 := udp(t, f), udp(t, f)
			a1, err := SockName(u1)
			ok(t, err)
			a2, err := SockName(u2)
			ok(t, err)
			buf := make([]byte, 16)
			var from Addr
			if _, err := RecvFrom(u2, buf, &from); !WouldBlock(err) {
				t.Fatalf("receive of nothing: %v", err)
			}
			for _, msg := range []string{"one", "", "three"} {
				if n, err := SendTo(u1, []byte(msg), a2); n != len(msg) || err != nil {
					t.Fatal(n, err)
				}
				var n int
				ok(t, until(WouldBlock, func() (err error) { n, err = RecvFrom(u2, buf, &from); return err }))
				if string(buf[:n]) != msg || from != a1 {
					t.Fatalf("received %q from %v, want %q from %v", buf[:n], from, msg, a1)
				}
			}
			ok(t, Connect(u2, a1))
			if n, err := SendTo(u2, []byte("back"), Addr{}); n != 4 || err != nil {
				t.Fatal(n, err)
			}
			var n int
			ok(t, until(WouldBlock, func() (err error) { n, err = RecvFrom(u1, buf, nil); return err }))
			if string(buf[:n]) != "back" {
				t.Fatalf("received %q", buf[:n])
			}
			if na, err := LocalAddr(u1); err != nil || na.Network() != "udp" || na.String() != a1.String() {
				t.Errorf("LocalAddr = %v, %v", na, err)
			}
		})
	}
}

func TestNonblock(t *testing.T) {
	t.Parallel()
	fd := open(t, Inet4, Stream)
	for _, on := range []bool{false, true} {
		ok(t, SetNonblock(fd, on))
		wantNonblock(t, fd, on)
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	first := open(t, Inet4, Stream)
	ok(t, SetExclusiveAddr(first))
	ok(t, Bind(first, loopback(Inet4)))
	ok(t, Listen(first, 1))
	a, err := SockName(first)
	ok(t, err)
	second := open(t, Inet4, Stream)
	if err := Bind(second, a); !isInUse(err) {
		t.Fatalf("second bind: %v", err)
	}
}

// TestReuseAddr listens anew on an address that a connection still lingers on.
func TestReuseAddr(t *testing.T) {
	t.Parallel()
	ln, err := Open(Inet4, Stream)
	ok(t, err)
	ok(t, SetReuseAddr(ln, true))
	ok(t, Bind(ln, loopback(Inet4)))
	ok(t, Listen(ln, 1))
	a, err := SockName(ln)
	ok(t, err)
	client, server := connected(t, ln, a)
	ok(t, ShutdownWrite(server)) // the side that ends first is the one that lingers
	if n := readSome(t, client, make([]byte, 1)); n != 0 {
		t.Fatalf("read %d bytes", n)
	}
	ok(t, ShutdownWrite(client))
	ok(t, Close(ln))
	again := open(t, Inet4, Stream)
	ok(t, SetReuseAddr(again, true))
	ok(t, Bind(again, a))
	ok(t, Listen(again, 1))
}

// TestFamilyUnbound asks sockets that have no address yet what they are.
func TestFamilyUnbound(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		for _, typ := range []Type{Stream, Datagram} {
			fd := open(t, f, typ)
			if got, err := FamilyOf(fd); err != nil || got != f {
				t.Errorf("FamilyOf = %v, %v; want %v", got, err, f)
			}
			if got, err := TypeOf(fd); err != nil || got != typ {
				t.Errorf("TypeOf = %v, %v; want %v", got, err, typ)
			}
			a, err := SockName(fd)
			if err != nil || a.Family() != f || a.Port() != 0 {
				t.Errorf("SockName = %v, %v", a, err)
			}
			if _, err := PeerName(fd); err == nil {
				t.Error("PeerName of an unconnected socket is no error")
			}
		}
	}
	if _, err := Open(Family(9), Stream); err == nil {
		t.Error("a family that does not exist was opened")
	}
	if _, err := Open(Inet4, Type(9)); err == nil {
		t.Error("a type that does not exist was opened")
	}
}

func TestReusePort(t *testing.T) {
	t.Parallel()
	one := open(t, Inet4, Stream)
	err := SetReusePort(one, true)
	if !HasReusePort {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("SetReusePort: %v", err)
		}
		return
	}
	ok(t, err)
	ok(t, Bind(one, loopback(Inet4)))
	ok(t, Listen(one, 1))
	a, err := SockName(one)
	ok(t, err)
	two := open(t, Inet4, Stream)
	ok(t, SetReusePort(two, true))
	ok(t, Bind(two, a))
	ok(t, Listen(two, 1))
}

// TestDualStack connects over IPv4 to an IPv6 listener that takes both.
func TestDualStack(t *testing.T) {
	t.Parallel()
	if len(families(t)) < 2 {
		// A container may have IPv6 switched off.
		t.Skip("the machine has no ::1")
	}
	for _, only := range []bool{false, true} {
		ln := open(t, Inet6, Stream)
		ok(t, SetIPv6Only(ln, only))
		any6, err := InetAddr(netip.AddrPortFrom(netip.IPv6Unspecified(), 0))
		ok(t, err)
		ok(t, Bind(ln, any6))
		ok(t, Listen(ln, 1))
		a, err := SockName(ln)
		ok(t, err)
		client := open(t, Inet4, Stream)
		err = Connect(client, loopback(Inet4).WithPort(a.Port()))
		if InProgress(err) {
			err = until(InProgress, func() error { return ConnectError(client) })
		}
		if refused := isRefused(err); refused != only || !refused && err != nil {
			t.Errorf("IPv4 connect with IPv6 only %v: %v", only, err)
		}
	}
}

func TestFromConn(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	ok(t, err)
	lfd, err := FromConn(ln)
	ok(t, err)
	closing(t, lfd)
	ok(t, ln.Close())
	a, err := SockName(lfd)
	ok(t, err)
	c, err := net.Dial("tcp4", a.String())
	ok(t, err)
	cfd, err := FromConn(c)
	ok(t, err)
	closing(t, cfd)
	ok(t, c.Close())
	var server uintptr
	ok(t, until(WouldBlock, func() (err error) { server, err = Accept(lfd); return err }))
	closing(t, server)
	if n, err := Write(cfd, []byte("mine")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	buf := make([]byte, 8)
	if n := readSome(t, server, buf); string(buf[:n]) != "mine" {
		t.Fatalf("read %q", buf[:n])
	}

	p1, p2 := net.Pipe()
	defer p1.Close()
	defer p2.Close()
	if _, err := FromConn(p1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("FromConn(net.Pipe) = %v", err)
	}
}

func TestErrorPredicates(t *testing.T) {
	t.Parallel()
	preds := map[string]func(error) bool{
		"WouldBlock": WouldBlock, "InProgress": InProgress,
		"OutOfDescriptors": OutOfDescriptors, "Disconnected": Disconnected,
	}
	for name, p := range preds {
		for _, err := range []error{nil, errors.New("other"), os.ErrNotExist, syscall.ENOENT} {
			if p(err) {
				t.Errorf("%s(%v) holds", name, err)
			}
		}
	}
	wrapped := &net.OpError{Op: "read", Err: os.NewSyscallError("read", aReset)}
	if !Disconnected(wrapped) || !Disconnected(aReset) {
		t.Error("a reset is not Disconnected")
	}
	fd := open(t, Inet4, Datagram)
	_, err := Read(fd, make([]byte, 1))
	if !WouldBlock(os.NewSyscallError("read", err)) {
		t.Errorf("%v is not WouldBlock when wrapped", err)
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Inet4.String(): "ip4", Inet6.String(): "ip6", Unix.String(): "unix", Family(9).String(): "unknown family",
		Stream.String(): "stream", Datagram.String(): "datagram", SeqPacket.String(): "seqpacket", Type(9).String(): "unknown type",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
