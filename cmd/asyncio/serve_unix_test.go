package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestServeUnix: a server on a path, which finds there what one left that was killed,
// refuses to be the second, and leaves nothing.
func TestServeUnix(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"one loop": nil,
		"handover": {"--loops", "3"},
		"streams":  {"--api", "streams"},
		"sock":     {"--api", "sock"},
		"spread":   {"--loops", "3", "--api", "sock"},
		"both":     {"--loops", "3", "--share", "handover", "--api", "streams"},
		"proactor": {"--loop", "proactor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsLoops(t, args)
			path := testkit.SocketPath(t)
			args := append([]string{"--listen", "unix:" + path}, args...)
			if !testkit.HasUnixSockets() {
				r := execute(t, append([]string{"serve"}, args...)...)
				if r.status != 1 || !strings.Contains(r.stderr, "has no unix sockets") || !strings.Contains(r.stderr, "127.0.0.1") {
					t.Errorf("status %d, standard error %q", r.status, r.stderr)
				}
				return
			}
			killed := startServer(t, args...)
			echoesOver(t, path)
			_ = killed.command.Process.Kill()
			killed.wait()
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("a server that is killed leaves a file: %v", err)
			}
			nobodyListens(t, path)
			s := startServer(t, args...)
			if s.address != "unix:"+path {
				t.Errorf("it listens on %s", s.address)
			}
			echoesOver(t, path)
			r := execute(t, append([]string{"serve"}, args...)...)
			if r.status != 1 || !strings.Contains(r.stderr, "cannot listen on unix:"+path) || !strings.Contains(r.stderr, "choose another path") {
				t.Errorf("a second one: status %d, standard error %q", r.status, r.stderr)
			}
			echoesOver(t, path)
			s.terminate()
			if got, want := s.summary(), (summed{16, 0, 16 * 100_000, 0}); got.clients != want.clients || got.bytes != want.bytes || got.cut != 0 {
				t.Errorf("summary: %+v, want %+v", got, want)
			}
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file: %v", err)
			}
		})
	}
}

// nobodyListens waits until nobody has the socket of a path any more: a system lets go of a
// ring, and of the sockets that it works with, a moment after the end of whose it is. Until
// then they are connected to, which nobody accepts, and when too many wait it says another
// error.
func nobodyListens(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		c, err := net.Dial("unix", path)
		if sock.Refused(err) {
			return
		}
		if err == nil {
			_ = c.Close()
		}
		if time.Now().After(end) {
			t.Fatalf("somebody still listens: %v", err)
		}
	}
}

// TestServeUnixRefuses: what is wrong with a path.
func TestServeUnixRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		args   string
		status int
		says   string
	}{
		{"no path", "serve --listen unix:", 2, "the path is missing"},
		{"a path alone", "serve --listen /tmp/echo", 2, "say unix:/tmp/echo"},
		{"a path with a port", "serve --listen unix:here --share reuseport", 2, "a unix socket has no port"},
		{"a long path", "serve --listen unix:" + strings.Repeat("x", 200), 1, "too long for the path of a unix socket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := execute(t, strings.Fields(test.args)...)
			if r.status != test.status || r.stdout != "" || !strings.Contains(r.stderr, test.says) {
				t.Errorf("status %d, standard output %q, standard error %q", r.status, r.stdout, r.stderr)
			}
		})
	}
}

// echoesOver has eight clients send and get back 100,000 bytes each.
func echoesOver(t *testing.T, path string) {
	t.Helper()
	together(t, 8, func(i int) error {
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		return exchange(c, random(uint64(i), 100_000))
	})
}
