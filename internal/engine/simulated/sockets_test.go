package simulated_test

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// bound makes a stream socket with options and an address.
func (l *lab) bound(host int, a sock.Addr, opts ...engine.Option) (uintptr, error) {
	l.Helper()
	s := l.engines[host].Sockets()
	fd, err := s.Open(a.Family(), sock.Stream)
	l.must(err)
	for _, o := range opts {
		l.must(s.SetOption(fd, o, 1))
	}
	return fd, s.Bind(fd, a)
}

// TestAddresses: which addresses a host's sockets can have beside which.
func TestAddresses(t *testing.T) {
	t.Parallel()
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	four, six := addr4(0), netip.MustParseAddr("fd00::1")
	local := netip.MustParseAddr("127.0.0.5")
	type socket struct {
		ip   netip.Addr
		port uint16
		opts []engine.Option
	}
	only := []engine.Option{engine.IPv6Only}
	reuse := []engine.Option{engine.ReuseAddr}
	share := []engine.Option{engine.ReusePort}
	for what, c := range map[string]struct {
		first, second socket
		want          error
	}{
		"the same":                       {socket{four, 80, nil}, socket{four, 80, nil}, simulated.ErrInUse},
		"another port":                   {socket{four, 80, nil}, socket{four, 81, nil}, nil},
		"another address":                {socket{four, 80, nil}, socket{local, 80, nil}, nil},
		"another family":                 {socket{four, 80, nil}, socket{six, 80, nil}, nil},
		"all beside one":                 {socket{four, 80, nil}, socket{any4, 80, nil}, simulated.ErrInUse},
		"one beside all":                 {socket{any4, 80, nil}, socket{four, 80, nil}, simulated.ErrInUse},
		"IPv6 beside all of IPv4":        {socket{any4, 80, nil}, socket{six, 80, nil}, nil},
		"all of both beside one of IPv4": {socket{four, 80, nil}, socket{any6, 80, nil}, simulated.ErrInUse},
		"all of IPv6 beside IPv4's":      {socket{any4, 80, nil}, socket{any6, 80, only}, nil},
		"all of both beside IPv4's":      {socket{any4, 80, nil}, socket{any6, 80, nil}, simulated.ErrInUse},
		"shared":                         {socket{four, 80, share}, socket{four, 80, share}, nil},
		"shared by one":                  {socket{four, 80, share}, socket{four, 80, nil}, simulated.ErrInUse},
		"used again":                     {socket{four, 80, reuse}, socket{four, 80, reuse}, nil},
		"another host's":                 {socket{four, 80, nil}, socket{addr4(1), 80, nil}, simulated.ErrNoAddress},
		"IPv4 in IPv6's form":            {socket{four, 80, nil}, socket{netip.AddrFrom16(four.As16()), 80, nil}, simulated.ErrInUse},
	} {
		l := newLab(t, 2, 0, nil)
		_, err := l.bound(0, inet(t, c.first.ip, c.first.port), c.first.opts...)
		l.must(err)
		if _, err := l.bound(0, inet(t, c.second.ip, c.second.port), c.second.opts...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

// TestListening: an address that somebody listens at is taken, whatever they say of using it
// again; the one for an address alone gets what comes there.
func TestListening(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	s := l.engines[1].Sockets()
	a := inet(t, addr4(1), 80)
	one, err := l.bound(1, a, engine.ReuseAddr)
	l.must(err)
	two, err := l.bound(1, a, engine.ReuseAddr)
	l.must(err)
	l.must(s.Listen(one, 1))
	if err := s.Listen(two, 1); !errors.Is(err, simulated.ErrInUse) {
		t.Errorf("listening twice: %v", err)
	}
	if _, err := l.bound(1, a, engine.ReuseAddr); !errors.Is(err, simulated.ErrInUse) {
		t.Errorf("binding to where somebody listens: %v", err)
	}
	all, err := l.bound(1, inet(t, netip.IPv6Unspecified(), 81))
	l.must(err)
	l.must(s.Listen(all, 1))
	own, err := l.bound(1, inet(t, addr4(1), 82))
	l.must(err)
	l.must(s.Listen(own, 1))
	c := l.dial(0, inet(t, addr4(1), 81)).conn()
	defer c.close()
	l.rest()
	_, peer, err := s.Accept(all)
	l.must(err)
	if ap := peer.AddrPort(); !ap.Addr().Is4In6() || ap.Addr().Unmap() != addr4(0) {
		t.Errorf("a socket of both families has accepted %v", peer)
	}
}

// TestShared: who shares a port gets connections by chance.
func TestShared(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 8, nil)
	s := l.engines[1].Sockets()
	var fds [2]uintptr
	for i := range fds {
		var err error
		fds[i], err = l.bound(1, inet(t, addr4(1), 80), engine.ReusePort)
		l.must(err)
		l.must(s.Listen(fds[i], 50))
	}
	for range 20 {
		defer l.dial(0, inet(t, addr4(1), 80)).conn().close()
	}
	l.rest()
	for _, fd := range fds {
		n := 0
		for {
			_, _, err := s.Accept(fd)
			if err != nil {
				break
			}
			n++
		}
		if n < 4 || n > 16 {
			t.Errorf("one of two got %d of 20", n)
		}
	}
}

// TestDescriptors: what is no socket of the host's is refused in so many words.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	s := l.engines[0].Sockets()
	own, err := s.Open(sock.Inet4, sock.Stream)
	l.must(err)
	other, err := l.engines[1].Sockets().Open(sock.Inet4, sock.Stream)
	l.must(err)
	if own == other {
		t.Error("two hosts have one descriptor")
	}
	for _, c := range []struct {
		fd   uintptr
		want string
	}{{5, `descriptor 5 is none of simulated host "h0"`}, {other, `it is one of host "h1"`}, {other + 1, `none of simulated host "h0"`}} {
		for call, err := range map[string]error{
			"Take":     second(s.Take(c.fd)),
			"Adopt":    second(s.Adopt(c.fd)),
			"Stream":   second(l.engines[0].Stream(c.fd, nil)),
			"Listener": second(l.engines[0].Listener(c.fd, nil)),
			"Pipe":     second(l.engines[0].Pipe(c.fd, engine.Read, nil)),
			"Watch":    l.engines[0].Watch(c.fd, engine.Read, nil),
			"Receive":  second(s.Receive(c.fd, nil)),
			"Close":    s.Close(c.fd),
		} {
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %d: %v", call, c.fd, err)
			}
		}
	}
	l.must(s.Close(own))
	if _, err := s.LocalAddr(own); !sock.Unusable(err) {
		t.Errorf("one that was closed: %v", err)
	}
	r, w, err := os.Pipe()
	l.must(err)
	defer w.Close()
	if _, err := s.TakePipe(r, engine.Read); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "file of the system's") {
		t.Errorf("a file: %v", err)
	}
	if err := r.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is not closed: %v", err)
	}
	if _, err := s.TakePipe(r, engine.Read); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a file that is closed: %v", err)
	}
	if err := s.SetOption(own, engine.NoDelay, 1); !sock.Unusable(err) {
		t.Errorf("an option of nothing: %v", err)
	}
}

// dialUnix connects a socket of a host's to a path.
func (l *lab) dialUnix(host int, path string) (uintptr, error) {
	l.Helper()
	fd, err := l.engines[host].Sockets().Open(sock.Unix, sock.Stream)
	l.must(err)
	a, err := sock.UnixAddr(path)
	l.must(err)
	_, err = l.engines[host].Connect(fd, a, func(err error) { l.must(err) })
	return fd, err
}

// listenUnix makes a listening socket.
func (l *lab) listenUnix(host int, path string) (uintptr, engine.SocketFile, error) {
	l.Helper()
	s := l.engines[host].Sockets()
	fd, err := s.Open(sock.Unix, sock.Stream)
	l.must(err)
	a, err := sock.UnixAddr(path)
	l.must(err)
	f, err := s.BindFile(fd, a)
	if err == nil {
		l.must(s.Listen(fd, 5))
	}
	return fd, f, err
}

// TestUnixNames: the names of unix sockets are each host's own; a file stays, also over a
// crash, and is taken from one who is gone.
func TestUnixNames(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	s := l.engines[0].Sockets()
	wants := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	_, err := l.dialUnix(0, "/run/x")
	wants("no file", err, simulated.ErrNoFile)
	fd, f, err := l.listenUnix(0, "/run/x")
	l.must(err)
	if f == nil || f.Path() != "/run/x" {
		t.Errorf("the file is %v", f)
	}
	_, _, err = l.listenUnix(0, "/run/x")
	wants("somebody has it", err, simulated.ErrInUse)
	_, err = l.dialUnix(0, "/run/x")
	wants("somebody listens", err, nil)
	_, err = l.dialUnix(1, "/run/x")
	wants("another host", err, simulated.ErrNoFile)
	l.must(s.Close(fd))
	_, err = l.dialUnix(0, "/run/x")
	wants("nobody has it", err, simulated.ErrRefused)
	_, again, err := l.listenUnix(0, "/run/x")
	wants("in its place", err, nil)
	l.must(f.Remove()) // which is another one by now
	_, err = l.dialUnix(0, "/run/x")
	wants("the other file", err, nil)
	l.crash(0)
	l.restart(0)
	_, err = l.dialUnix(0, "/run/x")
	wants("after the crash", err, simulated.ErrRefused)
	l.must(again.Remove()) // by who did not survive it
	_, err = l.dialUnix(0, "/run/x")
	wants("removed by nobody", err, simulated.ErrRefused)
	_, last, err := l.listenUnix(0, "/run/x")
	wants("in the place of the crashed one's", err, nil)
	l.must(last.Remove())
	_, err = l.dialUnix(0, "/run/x")
	wants("removed", err, simulated.ErrNoFile)
}

// TestUnixConnection: it is there at once, and its ends are told as they are.
func TestUnixConnection(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1, 4, nil)
	s := l.engines[0].Sockets()
	ln, _, err := l.listenUnix(0, "/run/x")
	l.must(err)
	pair := func() (x, y *conn) {
		fd, err := l.dialUnix(0, "/run/x")
		l.must(err)
		other, _, err := s.Accept(ln)
		l.must(err)
		return l.stream(0, fd), l.stream(0, other)
	}
	x, y := pair()
	want := pattern(300_000)
	x.put(want)
	y.on = func(p []byte) { y.put(p) }
	l.until("the echo", func() bool { return x.total == len(want) })
	if c, err := s.PeerCredentials(x.s.FD()); err != nil || c.UID != 1000 {
		t.Errorf("the peer is %v, %v", c, err)
	}
	y.close()
	l.until("the end", func() bool { return x.eof == 1 })
	if _, _, err := x.s.Write([]byte("x")); !errors.Is(err, simulated.ErrPipe) {
		t.Errorf("writing to nobody: %v", err)
	}
	x.close()
	x, y = pair()
	y.s.StopReading()
	x.put([]byte("never read"))
	l.rest()
	y.close()
	l.until("the reset", func() bool { return x.err != nil })
	if !errors.Is(x.err, simulated.ErrReset) {
		t.Error(x.err)
	}
	x.close()
	l.must(s.Close(ln))
	l.empty()
}

// TestPipe: a connection of one direction; its writer hears of the reader's end.
func TestPipe(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1, 0, nil)
	s := l.engines[0].Sockets()
	ln, _, err := l.listenUnix(0, "/run/x")
	l.must(err)
	var kind *engine.KindError
	if _, err := l.engines[0].Pipe(ln, engine.Read, &conn{l: l}); !errors.As(err, &kind) {
		t.Errorf("a pipe of a listener: %v", err)
	}
	a, err := l.dialUnix(0, "/run/x")
	l.must(err)
	b, _, err := s.Accept(ln)
	l.must(err)
	w, r := &conn{l: l}, &conn{l: l}
	w.s, err = l.engines[0].Pipe(a, engine.Write, w)
	l.must(err)
	r.s, err = l.engines[0].Pipe(b, engine.Read, r)
	l.must(err)
	if _, err := l.engines[0].Pipe(a, engine.Write, w); !errors.As(err, new(*engine.UsedError)) {
		t.Errorf("a second pipe: %v", err)
	}
	for _, c := range []*conn{w, r} {
		l.must(c.s.StartReading())
		if err := c.s.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CloseWrite: %v", err)
		}
	}
	w.put(pattern(100_000))
	l.until("all of it", func() bool { return r.total == 100_000 })
	if w.eof != 0 {
		t.Error("the reader has gone")
	}
	r.close()
	l.until("the reader's end", func() bool { return w.eof == 1 })
	w.close()
	l.must(s.Close(ln))
	l.empty()
}

// TestWatchOfAClosedSocket: it is told of no more.
func TestWatchOfAClosedSocket(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, y := l.pair()
	fd := l.dial(0, inet(t, addr4(1), 99)).fd
	l.rest()
	told := 0
	w := completer(func() { told++ })
	e := l.engines[0]
	l.must(e.Watch(fd, engine.Read|engine.Write, w))
	l.must(e.Sockets().Close(fd))
	l.rest()
	if told != 0 {
		t.Errorf("told %d times", told)
	}
	l.must(e.Watch(fd, 0, nil))
	x.close()
	y.close()
	l.empty()
}

type completer func()

func (c completer) Complete(uint64) { c() }
