package main

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var summaryLine = regexp.MustCompile(`^served (\d+) clients?, (\d+) messages?, (\d+) bytes? in \d+\.\d s(?:, (\d+) clients? cut off)?\n$`)

// summed is what the summary says.
type summed struct{ clients, messages, bytes, cut int }

// summary checks that the server ended well and returns what it says of itself.
func (s *server) summary() summed {
	s.t.Helper()
	r := s.wait()
	m := summaryLine.FindStringSubmatch(r.stdout)
	if r.status != 0 || r.stderr != "" || m == nil {
		s.t.Fatalf("status %d, standard output %q, standard error %q", r.status, r.stdout, r.stderr)
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // none is cut off if nothing is said
	}
	return summed{n[0], n[1], n[2], n[3]}
}

// waitUntilRefused returns when the server accepts no more.
func (s *server) waitUntilRefused() {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		c, err := dialTCP(s.address)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	s.t.Fatal("it still accepts")
}

// refusesReusePort: where the system does not spread a port's connections there is no server.
func refusesReusePort(t *testing.T) {
	t.Helper()
	r := execute(t, "serve", "--listen", "127.0.0.1:0", "--loops", "2", "--share", "reuseport")
	if r.status != 1 || r.stdout != "" || !strings.Contains(r.stderr, "this system does not spread the connections of a port") {
		t.Errorf("status %d, standard output %q, standard error %q", r.status, r.stdout, r.stderr)
	}
}

// eachShare runs a test for one loop and for two in both ways.
func eachShare(t *testing.T, f func(t *testing.T, args ...string)) {
	for name, args := range map[string][]string{
		"one loop":  nil,
		"reuseport": {"--loops", "2", "--share", "reuseport"},
		"handover":  {"--loops", "2", "--share", "handover"},
		"streams":   {"--api", "streams"},
		"both":      {"--loops", "2", "--share", "handover", "--api", "streams"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "reuseport" && !portsAreShared(t) {
				refusesReusePort(t)
				return
			}
			f(t, args...)
		})
	}
}

func TestServeCounts(t *testing.T) {
	t.Parallel()
	eachShare(t, func(t *testing.T, args ...string) {
		s := startServer(t, args...)
		const clients, rounds = 5, 7
		together(t, clients, func(i int) error {
			c, err := dialTCP(s.address)
			if err != nil {
				return err
			}
			defer c.Close()
			for round := range rounds {
				if err := roundTrip(c, fmt.Appendf(nil, "%d:%d", i, round)); err != nil {
					return err
				}
			}
			return exchange(c, nil)
		})
		s.terminate()
		if got, want := s.summary(), (summed{clients, clients * rounds, clients * rounds * 3, 0}); got != want {
			t.Errorf("summary: %+v, want %+v", got, want)
		}
	})
}

// TestServeLetsClientsFinish: it waits for a client after Ctrl-C, and not for the
// grace time once that has gone.
func TestServeLetsClientsFinish(t *testing.T) {
	t.Parallel()
	eachShare(t, func(t *testing.T, args ...string) {
		s := startServer(t, append(args, "--grace", "1h")...)
		c := s.dial()
		if err := roundTrip(c, []byte("before")); err != nil {
			t.Fatal(err)
		}
		s.interrupt()
		s.waitUntilRefused()
		if err := roundTrip(c, []byte("after")); err != nil {
			t.Errorf("while it drains: %v", err)
		}
		if err := exchange(c, random(1, 100_000)); err != nil {
			t.Errorf("while it drains: %v", err)
		}
		if got := s.summary(); got.cut != 0 || got.bytes != len("beforeafter")+100_000 {
			t.Errorf("summary: %+v", got)
		}
	})
}

func TestServeCutsOffWhoDoesNotFinish(t *testing.T) {
	t.Parallel()
	t.Run("no grace", func(t *testing.T) {
		t.Parallel()
		cutsOff(t, "--grace", "0")
	})
	eachShare(t, func(t *testing.T, args ...string) { cutsOff(t, append(args, "--grace", "100ms")...) })
}

// fillForGood is fill, until nothing more is taken although the server, asked by others, how
// many it returns, has had its time to: one that gets no processor takes nothing, either.
func (s *server) fillForGood(c *net.TCPConn) (others int, err error) {
	for {
		if sent, err := fill(c, nil); err != nil || sent == 0 {
			return others, err
		}
		for range 4 { // that each loop has some
			other, err := dialTCP(s.address)
			if err != nil {
				return others, err
			}
			others++
			err = exchange(other, []byte("x"))
			_ = other.Close()
			if err != nil {
				return others, err
			}
		}
	}
}

// cutsOff has three clients stay, of which two do not even read, so that the server
// cannot send all that it has.
func cutsOff(t *testing.T, args ...string) {
	s := startServer(t, args...)
	idle, full, ended := s.dial(), s.dial(), s.dial()
	for _, c := range []net.Conn{idle, full, ended} {
		if err := roundTrip(c, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	var others atomic.Int64
	together(t, 2, func(i int) error {
		n, err := s.fillForGood([]*net.TCPConn{full, ended}[i])
		others.Add(int64(n))
		return err
	})
	if err := ended.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	s.interrupt()
	if got := s.summary(); got.cut != 3 || got.clients != 3+int(others.Load()) {
		t.Errorf("summary: %+v", got)
	}
	if n, err := idle.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the client reads %d, %v", n, err)
	}
}

func TestServeEndsAtOnceOnSecondSignal(t *testing.T) {
	t.Parallel()
	eachShare(t, func(t *testing.T, args ...string) {
		s := startServer(t, append(args, "--grace", "1h")...)
		if err := roundTrip(s.dial(), []byte("I stay")); err != nil {
			t.Fatal(err)
		}
		s.interrupt()
		s.waitUntilRefused()
		s.interrupt()
		if r := s.wait(); !endedByInterrupt(s.command.ProcessState) || summaryLine.MatchString(r.stdout) {
			t.Errorf("it ended with %v: %s", s.command.ProcessState, r.stdout)
		}
	})
}

// TestServeInterruptedUnderLoad: clients that go on sending are cut off, and none of
// them gets a wrong byte.
func TestServeInterruptedUnderLoad(t *testing.T) {
	t.Parallel()
	eachShare(t, func(t *testing.T, args ...string) {
		s := startServer(t, append(args, "--grace", "50ms")...)
		const clients = 20
		var trips atomic.Int64
		var warm sync.WaitGroup // all are being served: none waits to be accepted
		warm.Add(clients)
		ended := make(chan error, clients)
		for i := range clients {
			c := s.dial()
			go func() {
				message := random(uint64(i), 64)
				served := sync.OnceFunc(warm.Done)
				defer served()
				for n := 1; ; n++ {
					if err := roundTrip(c, message); err != nil {
						ended <- err
						return
					}
					if trips.Add(1); n == 10 {
						served()
					}
				}
			}()
		}
		warm.Wait()
		s.interrupt()
		for range clients {
			if err := <-ended; regexp.MustCompile(`came back as`).MatchString(err.Error()) {
				t.Error(err)
			}
		}
		got := s.summary()
		if got.cut != clients || got.clients != clients || int64(got.bytes) < 64*trips.Load() {
			t.Errorf("summary %+v after %d round trips", got, trips.Load())
		}
	})
}
