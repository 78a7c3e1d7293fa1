package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestServeUDP: datagrams are echoed, each as it is, by one loop or several, over either
// kind, and counted.
func TestServeUDP(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"one loop":  {"--listen", "udp:127.0.0.1:0"},
		"by api":    {"--api", "datagram"},
		"both":      {"--listen", "udp::0", "--api", "datagram"},
		"proactor":  {"--listen", "udp:127.0.0.1:0", "--loop", "proactor"},
		"selector":  {"--listen", "udp:127.0.0.1:0", "--loop", "selector"},
		"two loops": {"--listen", "udp:127.0.0.1:0", "--loops", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsLoops(t, args)
			if name == "two loops" && !datagramsAreSpread {
				r := execute(t, append([]string{"serve"}, args...)...)
				if r.status != 2 || !strings.Contains(r.stderr, "leave --loops out") {
					t.Errorf("status %d, standard error %q", r.status, r.stderr)
				}
				return
			}
			s := startServer(t, args...)
			address, ok := strings.CutPrefix(s.address, "udp:")
			if !ok {
				t.Fatalf("it listens on %s", s.address)
			}
			const clients, each = 8, 5
			bytes := 0
			for range clients {
				bytes += asksUDP(t, address, each)
			}
			r := execute(t, "serve", "--listen", s.address)
			if r.status != 1 || !strings.Contains(r.stderr, "choose another port") {
				t.Errorf("a second one: status %d, standard error %q", r.status, r.stderr)
			}
			s.terminate()
			got := s.summary()
			if got.messages != clients*each || got.bytes != bytes || got.cut != 0 {
				t.Errorf("summary: %+v, want %d messages of %d bytes", got, clients*each, bytes)
			}
		})
	}
}

// asksUDP has a client of its own send some datagrams, the first one empty, and wait for
// each echo. It returns how many bytes it has sent.
func asksUDP(t *testing.T, address string, count int) (bytes int) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if host == "::" || host == "0.0.0.0" { // every interface
		host = "127.0.0.1"
	}
	at, err := net.ResolveUDPAddr("udp4", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	c, back := testkit.NewUDPPeer(t), make([]byte, 1<<16)
	for i := range count {
		text := strings.Repeat("x", 100*i)
		c.Send([]byte(text), at)
		n := c.Receive(back)
		if string(back[:n]) != text {
			t.Fatalf("%d bytes came back as %d", len(text), n)
		}
		bytes += n
	}
	return bytes
}

// TestServeUDPRefuses: what does not go together with datagrams.
func TestServeUDPRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--listen udp:":                                       "is not HOST:PORT",
		"--listen udp:127.0.0.1:nothing":                      `"nothing" is no port`,
		"--listen udp:127.0.0.1:0 --api streams":              "UDP has no connections; say --api datagram",
		"--listen unix:/tmp/x --api datagram":                 "say --listen udp:HOST:PORT",
		"--listen udp:127.0.0.1:0 --loops 2 --share handover": "no connections to hand over",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			r := execute(t, append([]string{"serve"}, strings.Fields(args)...)...)
			if r.status != 2 || !strings.Contains(r.stderr, want) {
				t.Errorf("status %d, standard error %q, want %q", r.status, r.stderr, want)
			}
		})
	}
	taken := testkit.NewUDPPeer(t)
	r := execute(t, "serve", "--listen", fmt.Sprintf("udp:%v", taken.LocalAddr()), "--loops", "1")
	if r.status != 1 || !strings.Contains(r.stderr, "cannot listen on udp:") || !strings.Contains(r.stderr, "choose another port") {
		t.Errorf("a port in use: status %d, standard error %q", r.status, r.stderr)
	}
}
