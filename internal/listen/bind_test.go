package listen_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// binder makes a Binder in a new world, and closes it at the end, when nothing may be
// left open.
func binder(t *testing.T, o listen.Options) (*listen.Binder, *world) {
	w := newWorld(t)
	b := &listen.Binder{Sockets: w, Options: o}
	t.Cleanup(func() {
		if b.Close(); len(w.open) != 0 {
			t.Errorf("left open: %v", w.open)
		}
	})
	return b, w
}

// taken takes all sockets, and returns where they are bound.
func taken(b *listen.Binder, w *world) string {
	var all []string
	for s, ok := b.Take(); ok; s, ok = b.Take() {
		all = append(all, w.open[s.FD].String())
		delete(w.open, s.FD)
	}
	return strings.Join(all, " ")
}

// TestBind: the sockets of a server.
func TestBind(t *testing.T) {
	t.Parallel()
	dual := func(t *testing.T, port int) []sock.Addr {
		return []sock.Addr{addr(t, fmt.Sprintf("127.0.0.1:%d", port)), addr(t, fmt.Sprintf("[::1]:%d", port))}
	}
	t.Run("in-order", func(t *testing.T) {
		t.Parallel()
		b, w := binder(t, listen.Options{ReuseAddr: true, KeepAlive: true})
		if err := errors.Join(b.Bind(dual(t, 80)), b.Err()); err != nil {
			t.Fatal(err)
		}
		b.Add(listen.Bound{FD: w.connect()})
		if got := taken(b, w); got != "127.0.0.1:80 [::1]:80 "+(sock.Addr{}).String() {
			t.Errorf("bound to %s", got)
		}
		if got := strings.Join(w.options, " "); got != "reuse-addr keep-alive reuse-addr keep-alive v6only" {
			t.Errorf("options %s", got)
		}
	})
	t.Run("one-port-for-all", func(t *testing.T) {
		t.Parallel()
		b, w := binder(t, listen.Options{})
		w.refuseBind = func(a sock.Addr) error { // the first port that the system picks is taken
			if a.Family() == sock.Inet6 && a.Port() < 1003 {
				return listen.AddrInUse
			}
			return nil
		}
		if err := b.Bind(dual(t, 0)); err != nil {
			t.Fatal(err)
		}
		if got := taken(b, w); got != "127.0.0.1:1003 [::1]:1003" {
			t.Errorf("bound to %s", got)
		}
	})
	t.Run("no-port-for-all", func(t *testing.T) {
		t.Parallel()
		b, w := binder(t, listen.Options{})
		tries := 0
		w.refuseBind = func(a sock.Addr) error {
			if a.Family() == sock.Inet6 {
				tries++
				return listen.AddrInUse
			}
			return nil
		}
		if err := b.Bind(dual(t, 0)); !errors.Is(err, listen.AddrInUse) || !strings.Contains(err.Error(), "[::1]:") || tries != 16 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
	t.Run("in-use", func(t *testing.T) {
		t.Parallel()
		b, w := binder(t, listen.Options{})
		tries := 0
		w.refuseBind = func(sock.Addr) error { tries++; return listen.AddrInUse }
		if err := b.Bind(dual(t, 80)); !errors.Is(err, listen.AddrInUse) || tries != 1 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
	t.Run("skipped", func(t *testing.T) {
		t.Parallel()
		b, w := binder(t, listen.Options{})
		var skipped []string
		b.Skipped = func(a sock.Addr, err error) { skipped = append(skipped, fmt.Sprint(a, ": ", err)) }
		w.refuseOpen = func(f sock.Family) error {
			if f == sock.Inet6 {
				return errOdd
			}
			return nil
		}
		w.refuseBind = func(sock.Addr) error { return listen.AddrNotAvailable }
		if err := b.Bind(dual(t, 80)); err != nil {
			t.Fatal(err)
		}
		if len(skipped) != 2 || skipped[1] != "[::1]:80: odd" {
			t.Errorf("skipped %q", skipped)
		}
		if err := b.Err(); !errors.Is(err, listen.AddrNotAvailable) || !strings.Contains(err.Error(), "[127.0.0.1:80 [::1]:80]") {
			t.Errorf("no socket: %v", err)
		}
	})
	for name, c := range map[string]struct {
		refuse func(w *world)
		want   string
		as     error
	}{
		"out-of-descriptors": {func(w *world) { w.refuseOpen = func(sock.Family) error { return tooManyFiles } }, "socket for 127.0.0.1:80", tooManyFiles},
		"bind":               {func(w *world) { w.refuseBind = func(sock.Addr) error { return errOdd } }, "attempting to bind on address 127.0.0.1:80", errOdd},
		"address":            {func(w *world) { w.refuseLocal = errOdd }, "odd", errOdd},
		"reuse-addr":         {refusing(engine.ReuseAddr), "reuse_address for 127.0.0.1:80", errOdd},
		"reuse-port":         {refusing(engine.ReusePort), "reuse_port is not supported by this system", errOdd},
		"keep-alive":         {refusing(engine.KeepAlive), "keep_alive for 127.0.0.1:80", errOdd},
		"v6only":             {refusing(engine.IPv6Only), "IPv6 only for [::1]:80", errOdd},
	} {
		t.Run("refused/"+name, func(t *testing.T) {
			t.Parallel()
			b, w := binder(t, listen.Options{ReuseAddr: true, ReusePort: true, KeepAlive: true})
			c.refuse(w)
			err := b.Bind(dual(t, 80))
			if !errors.Is(err, c.as) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if got := errors.As(err, new(*listen.ReusePortError)); got != (name == "reuse-port") {
				t.Errorf("a ReusePortError: %v", got)
			}
		})
	}
}

// tooManyFiles is what the system says if there is no descriptor left.
var tooManyFiles = func() syscall.Errno {
	const windows = syscall.Errno(10024) // WSAEMFILE
	if sock.OutOfDescriptors(windows) {
		return windows
	}
	return syscall.EMFILE
}()

// refusing makes a world that refuses an option.
func refusing(opt engine.Option) func(w *world) {
	return func(w *world) {
		w.refuseOption = func(o engine.Option) error {
			if o == opt {
				return errOdd
			}
			return nil
		}
	}
}
