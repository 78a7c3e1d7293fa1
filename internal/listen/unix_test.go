package listen_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// unixWorld is a world in which there are paths.
type unixWorld struct {
	*world
	files  map[string]bool
	refuse func(a sock.Addr) error
}

// socketFile is a file of that world.
type socketFile struct {
	w    *unixWorld
	path string
}

func (f *socketFile) Path() string  { return f.path }
func (f *socketFile) Remove() error { delete(f.w.files, f.path); return errOdd }

func (w *unixWorld) BindFile(fd uintptr, a sock.Addr) (engine.SocketFile, error) {
	if w.refuse != nil {
		if err := w.refuse(a); err != nil {
			return nil, err
		}
	}
	w.open[fd] = a
	w.files[a.Path()] = true
	return &socketFile{w, a.Path()}, nil
}

func path(t *testing.T, text string) sock.Addr {
	t.Helper()
	a, err := sock.UnixAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestBindPath: a socket on a path has no options, and its file goes with it.
func TestBindPath(t *testing.T) {
	t.Parallel()
	w := &unixWorld{world: newWorld(t), files: map[string]bool{}}
	all := listen.Options{ReuseAddr: true, ReusePort: true, KeepAlive: true}
	b := &listen.Binder{Sockets: w, Options: all}
	defer b.Close()
	one, two := path(t, "one"), path(t, "two")
	if err := errors.Join(b.Bind([]sock.Addr{one}), b.Bind([]sock.Addr{two}), b.Err()); err != nil {
		t.Fatal(err)
	}
	s, ok := b.Take()
	if !ok || w.open[s.FD] != one || s.File == nil || s.File.Path() != "one" || len(w.options) != 0 {
		t.Errorf("took %+v, with options %v", s, w.options)
	}
	if b.Close(); len(w.open) != 1 || !w.files["one"] || w.files["two"] {
		t.Errorf("open %v, files %v", w.open, w.files)
	}
	// What is there, what this machine has not, and what it cannot have at all.
	for _, err := range []error{listen.AddrInUse, listen.AddrNotAvailable} {
		w.refuse = func(sock.Addr) error { return err }
		if got := b.Bind([]sock.Addr{one}); !errors.Is(got, err) || !strings.Contains(got.Error(), "bind on address one") {
			t.Errorf("got %v, want %v", got, err)
		}
	}
	w.refuseOpen = func(sock.Family) error { return errOdd }
	if err := b.Bind([]sock.Addr{one}); !errors.Is(err, errOdd) || len(w.open) != 1 {
		t.Errorf("got %v, open %v", err, w.open)
	}
}

// TestAcceptedUnnamed: where the system says nothing of who has connected to a path he has
// no name.
func TestAcceptedUnnamed(t *testing.T) {
	t.Parallel()
	b := newBenchAt(t, path(t, "here"))
	if err := b.a.Start(5); err != nil {
		t.Fatal(err)
	}
	b.l.h.Accepted(b.w.connect(), sock.Addr{})
	if c := b.waiting.First(); c == nil || c.Peer != path(t, "") || c.Local() != path(t, "here") {
		t.Errorf("accepted %+v", c)
	}
	b.pass()
	b.wants("accepted , set up ")
}
