package system_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

var sockets engine.Sockets = system.Sockets{}

func open(t *testing.T) uintptr {
	t.Helper()
	fd, err := sockets.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sockets.Close(fd); err != nil {
			t.Error(err)
		}
	})
	return fd
}

// TestTake: a descriptor is given away once, and not while an engine has it.
func TestTake(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, fd uintptr, by string) {
		t.Helper()
		var used *engine.UsedError
		_, err := sockets.Take(fd)
		if !errors.As(err, &used) || used.FD != fd || !strings.Contains(err.Error(), by) {
			t.Errorf("taking it is %v, want that %q has it", err, by)
		}
	}
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		fd := open(t)
		if typ, err := sockets.Take(fd); typ != sock.Stream || err != nil {
			t.Fatalf("Take = %v, %v", typ, err)
		}
		refused(t, fd, "a transport or a server")
	})
	t.Run("held", func(t *testing.T) {
		t.Parallel()
		fd := open(t)
		system.Hold(fd)
		system.Hold(fd)
		refused(t, fd, "a transport or a server")
	})
	t.Run("watched by two", func(t *testing.T) {
		t.Parallel()
		fd := open(t)
		system.Watch(fd)
		system.Watch(fd)
		refused(t, fd, "AddReader")
		system.Unwatch(fd)
		refused(t, fd, "AddReader")
		system.Unwatch(fd)
		if _, err := sockets.Take(fd); err != nil {
			t.Errorf("nobody watches it, and taking it is %v", err)
		}
	})
	t.Run("no socket", func(t *testing.T) {
		t.Parallel()
		var used *engine.UsedError
		if _, err := sockets.Take(sock.Invalid); err == nil || errors.As(err, &used) {
			t.Errorf("taking no descriptor is %v", err)
		}
	})
}

// TestSetOption: what every TCP socket of every system has is switched on and off; what
// is no option is refused.
func TestSetOption(t *testing.T) {
	t.Parallel()
	fd := open(t)
	for _, opt := range []engine.Option{engine.ReuseAddr, engine.NoDelay, engine.KeepAlive} {
		for _, value := range []int{1, 0} {
			if err := sockets.SetOption(fd, opt, value); err != nil {
				t.Errorf("option %d to %d: %v", opt, value, err)
			}
		}
	}
	if err := sockets.SetOption(fd, engine.RecvErr+1, 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("what is no option: %v", err)
	}
}
