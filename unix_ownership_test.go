package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// withUnix gives a scene a peer that listens on a unix socket, and a directory in which
// nothing else is to be left.
func (s *scene) withUnix() {
	s.Helper()
	s.dir = filepath.Dir(testkit.SocketPath(s))
	before := testkit.OpenFiles()
	peer, err := net.Listen("unix", s.path("peer"))
	must(s, err)
	s.accepts(peer, before)
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }

// left are the socket files that are there and should not be.
func (s *scene) left() (names []string) {
	s.Helper()
	if s.dir == "" {
		return nil
	}
	files, err := os.ReadDir(s.dir)
	must(s, err)
	for _, f := range files {
		if f.Name() != "peer" {
			names = append(names, f.Name())
		}
	}
	return names
}

// boundUnix is a descriptor that is bound to a path which no other one has had: the loop
// may not have let go of that yet.
func (s *scene) boundUnix() uintptr {
	s.Helper()
	name := fmt.Sprint("given", s.bound.Add(1))
	fd, err := sock.Open(sock.Unix, sock.Stream)
	must(s, err)
	a, err := sock.UnixAddr(s.path(name))
	must(s, err)
	must(s, sock.Bind(fd, a))
	return fd
}

// unixSocket is a descriptor that is connected to the peer.
func (s *scene) unixSocket() uintptr {
	s.Helper()
	c, err := net.Dial("unix", s.path("peer"))
	must(s, err)
	defer c.Close()
	fd, err := sock.FromConn(c)
	must(s, err)
	return fd
}

// servingUnix makes a server on the paths of these names; none is on a socket that is bound
// to one.
func servingUnix(names ...string) maker {
	return func(ctx context.Context, s *scene) (func(), error) {
		o := &asyncio.ServerOptions{}
		for _, name := range names {
			o.Addresses = append(o.Addresses, s.path(name))
		}
		if len(names) == 0 {
			o.Sock = s.boundUnix()
		}
		server, err := s.loop.CreateUnixServer(ctx, s.protocol, "", o)
		if err != nil {
			return nil, err
		}
		return func() { server.Close() }, nil
	}
}

var unixMakers = map[string]maker{
	"unix-connection": func(ctx context.Context, s *scene) (func(), error) {
		return aborting(s.loop.CreateUnixConnection(ctx, s.protocol, s.path("peer"), nil))
	},
	"unix-connection-of-a-socket": func(ctx context.Context, s *scene) (func(), error) {
		return aborting(s.loop.CreateUnixConnection(ctx, s.protocol, "", &asyncio.ConnectionOptions{Sock: s.unixSocket()}))
	},
	"unix-server":             servingUnix("one"),
	"unix-server-of-two":      servingUnix("one", "two"),
	"unix-server-of-a-socket": servingUnix(),
}

// TestUnixOwnership is TestOwnership with unix sockets, whose files are not left either.
func TestUnixOwnership(t *testing.T) {
	if testkit.HasUnixSockets() {
		sweepOwnership(t, unixMakers, (*scene).withUnix)
	}
}

// TestUnixOwnershipInTime is TestOwnershipInTime with unix sockets.
func TestUnixOwnershipInTime(t *testing.T) {
	if testkit.HasUnixSockets() {
		leaveInTime(t, unixMakers, (*scene).withUnix)
	}
}

// TestUnixServerKeeps: a server that nobody has got leaves no file either, if it would have
// kept it.
func TestUnixServerKeeps(t *testing.T) {
	if !testkit.HasUnixSockets() {
		return // there are none
	}
	keeping := func(ctx context.Context, s *scene) (func(), error) {
		server, err := s.loop.CreateUnixServer(ctx, s.protocol, s.path("kept"), &asyncio.ServerOptions{KeepSocketFile: true})
		if err != nil {
			return nil, err
		}
		return func() {
			server.Close()
			must(s, os.Remove(s.path("kept")))
		}, nil
	}
	oneKindAfterTheOther(t, func(t *testing.T) {
		s := newScene(t)
		s.withUnix()
		for _, end := range []func(*scene, maker, int) bool{cancelTask, endContext, leaveGoroutine} {
			for passes, over := 0, false; !over; passes++ {
				s.open()
				over = end(s, keeping, passes)
				s.settles("a server that keeps its file", passes)
				must(t, s.loop.Close())
			}
		}
	})
}

// failingCall are sockets of which one call fails.
type failingCall struct {
	*fakeSockets
	which string
}

func (f *failingCall) fails(which string) error { return onlyFor(f.which == which, errOdd) }

func (f *failingCall) Open(family sock.Family, typ sock.Type) (uintptr, error) {
	if err := f.fails("Open"); err != nil {
		return sock.Invalid, err
	}
	return f.fakeSockets.Open(family, typ)
}

func (f *failingCall) BindFile(fd uintptr, a sock.Addr) (engine.SocketFile, error) {
	if err := f.fails("BindFile"); err != nil && strings.HasSuffix(a.Path(), "two") {
		return nil, err
	}
	return f.fakeSockets.BindFile(fd, a)
}

func (f *failingCall) LocalAddr(fd uintptr) (sock.Addr, error) {
	if err := f.fails("LocalAddr"); err != nil {
		return sock.Addr{}, err
	}
	return f.fakeSockets.LocalAddr(fd)
}

func (f *failingCall) Listen(fd uintptr, backlog int) error {
	if err := f.fails("Listen"); err != nil {
		return err
	}
	return f.fakeSockets.Listen(fd, backlog)
}

// TestUnixServerFails: whatever of a server's making fails, no file is left, and no socket.
func TestUnixServerFails(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"Open", "BindFile", "LocalAddr", "Listen", "Listener"} {
		unixRow(t, which, func(n *netTest, path string) {
			eng := n.script()
			f := &failingCall{fakeSockets: &fakeSockets{}, which: which}
			eng.sockets = f
			if which == "Listener" {
				eng.listener = func(uintptr, engine.ListenHandler) (engine.Listener, error) { return nil, errOdd }
			}
			n.run(func(ctx context.Context) {
				for _, o := range []asyncio.ServerOptions{{}, {KeepSocketFile: true}} {
					o.Addresses = []string{path, path + "-two"}
					_, err := n.l.CreateUnixServer(ctx, plainFactory, "", &o)
					left := len(f.opened)
					if which == "Listen" {
						left = 0 // the engine has closed them, and what is open in the end is counted
					}
					if !errors.Is(err, errOdd) || left != 0 {
						n.Errorf("got %v; %d sockets left", err, left)
					}
					if n.exists(path) || n.exists(path+"-two") {
						n.Errorf("a file is left: %v", err)
					}
				}
			})
		})
	}
}
