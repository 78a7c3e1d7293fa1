package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
)

func TestServeEchoesEveryByte(t *testing.T) {
	t.Parallel()
	variants(t, echoesEveryByte)
	for _, share := range []string{"handover", "reuseport"} {
		for _, api := range connectionAPIs {
			t.Run(share+"/"+api, func(t *testing.T) {
				t.Parallel()
				if share == "reuseport" && !portsAreShared(t) {
					refusesReusePort(t)
					return
				}
				echoesEveryByte(t, "--loops", "3", "--share", share, "--api", api)
			})
		}
	}
}

func echoesEveryByte(t *testing.T, args ...string) {
	s := startServer(t, args...)
	together(t, 8, func(i int) error {
		c, err := dialTCP(s.address)
		if err != nil {
			return err
		}
		defer c.Close()
		return exchange(c, random(uint64(i), 100_000+i))
	})
}

func TestServeAThousandClients(t *testing.T) {
	t.Parallel()
	clients := 1000
	for _, i := range selectors.Available() {
		if i.Default && i.MaxFiles > 0 {
			clients = min(clients, i.MaxFiles-10) // the loop's own and the server's
		}
	}
	if l := examined(t).Limits; l.Descriptors > 0 && l.Descriptors < uint64(2*clients) {
		// So many clients are the point of the test: with fewer it shows nothing.
		t.Skipf("only %d descriptors are allowed", l.Descriptors) // the test needs more clients than that
	}
	s := startServer(t)
	conns := make([]*net.TCPConn, clients)
	const hands = 20
	each := func(f func(i int) error) {
		t.Helper()
		together(t, hands, func(hand int) error {
			for i := hand; i < clients; i += hands {
				if err := f(i); err != nil {
					return fmt.Errorf("client %d: %w", i, err)
				}
			}
			return nil
		})
	}
	each(func(i int) (err error) {
		conns[i], err = dialTCP(s.address)
		return err
	})
	for range 3 { // all are connected at once
		each(func(i int) error { return roundTrip(conns[i], fmt.Appendf(nil, "I am client %d", i)) })
	}
	each(func(i int) error { return exchange(conns[i], random(uint64(i), 100+i)) })
	each(func(i int) error { return conns[i].Close() })
}

func TestServeOutlivesKilledClients(t *testing.T) {
	t.Parallel()
	variants(t, func(t *testing.T, args ...string) {
		s := startServer(t, args...)
		for range 10 {
			c := s.dial()
			if _, err := c.Write(random(1, 50_000)); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.SetLinger(0), c.Close()); err != nil { // the peer gets a reset
				t.Fatal(err)
			}
		}
		if err := exchange(s.dial(), random(2, 10_000)); err != nil {
			t.Fatal(err)
		}
		_ = s.command.Process.Kill()
		if r := s.wait(); r.stderr != "" {
			t.Errorf("standard error: %s", r.stderr)
		}
	})
}

// TestServeBoundsMemory: a client that sends and does not read is not read from any
// more once the buffers on the way are full, and loses nothing.
func TestServeBoundsMemory(t *testing.T) {
	t.Parallel()
	const chunk = 1 << 20
	variants(t, func(t *testing.T, args ...string) {
		s := startServer(t, args...)
		greedy := s.dial()
		data := random(3, chunk)
		sent, err := fill(greedy, data)
		if err != nil {
			t.Fatal(err)
		}
		if sent >= fillLimit {
			t.Errorf("the server took %d bytes of a client that does not read", sent)
		}
		if err := exchange(s.dial(), random(4, 10_000)); err != nil {
			t.Errorf("another client meanwhile: %v", err)
		}
		if err := greedy.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		back := 0
		buf := make([]byte, chunk)
		for back < sent {
			n, err := io.ReadFull(greedy, buf[:min(chunk-back%chunk, sent-back)])
			if !bytes.Equal(buf[:n], data[back%chunk:][:n]) {
				t.Fatalf("wrong bytes within %d after %d", n, back)
			}
			if back += n; err != nil {
				t.Fatalf("after %d of %d: %v", back, sent, err)
			}
		}
		if _, err := greedy.Read(buf); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	})
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	taken := l.Addr().String()
	for _, test := range []struct {
		name   string
		args   string
		status int
		says   string
	}{
		{"port in use", "serve --listen " + taken, 1, "cannot listen on " + taken + ": "},
		{"port in use, two loops", "serve --loops 2 --listen " + taken, 1, "cannot listen on " + taken + ": "},
		{"port in use, handover", "serve --loops 2 --share handover --listen " + taken, 1, "cannot listen on " + taken + ": "},
		{"no port", "serve --listen localhost", 2, "is not HOST:PORT"},
		{"no such port", "serve --listen 127.0.0.1:70000", 2, `"70000" is no port`},
		{"address of another machine", "serve --listen 192.0.2.1:0", 1, "cannot listen on 192.0.2.1:0: "},
		{"no address", "serve --listen 300.0.0.1:0", 1, "cannot listen on 300.0.0.1:0: "},
		{"unknown flag", "serve --lisen 127.0.0.1:0", 2, "unknown flag --lisen (did you mean --listen?)"},
		{"swapped letters", "serve --grcae 1s", 2, "unknown flag --grcae (did you mean --grace?)"},
		{"nothing near", "serve --zzzz", 2, `unknown flag --zzzz; see "asyncio help serve"`},
		{"no unit", "serve --grace 5", 2, "--grace 5: the unit is missing; say 5s, or 5ms"},
		{"no time", "serve --grace soon", 2, "--grace soon: it takes a time with its unit, such as 500ms or 10s"},
		{"no value", "serve --grace", 2, "--grace needs a TIME after it"},
		{"empty value", "serve --grace=", 2, `--grace "": it takes a time`},
		{"no number", "serve --loops two", 2, "--loops two: it takes a whole number, such as 2"},
		{"no truth", "serve --quiet=maybe", 2, "--quiet=maybe: it takes true or false"},
		{"a selector as a loop", "serve --loop epoll", 2, "; for epoll say --selector epoll"},
		{"a proactor as a selector", "serve --selector io_uring", 2, "that is a proactor, say --loop proactor"},
		{"almost a choice", "serve --share reuse", 2, "it is one of auto, reuseport, handover (did you mean reuseport?)"},
		{"a port alone", "serve --listen 7777", 2, "say 127.0.0.1:7777, or :7777 for every interface"},
		{"a host alone", "serve --listen localhost", 2, "say localhost:7777"},
		{"almost a command", "platfrom", 2, `unknown command "platfrom" (did you mean platform?)`},
		{"the beginning of a command", "help serv", 2, "(did you mean serve?)"},
		{"unknown argument", "serve 7777", 2, `unexpected argument "7777"`},
		{"unknown selector", "serve --selector best", 2, `unknown selector "best"`},
		{"unknown loop", "serve --loop uv", 2, "selector, proactor"},
		{"unknown api", "serve --api rest", 2, "--api rest: it is one of datagram, protocol, sock, streams"},
		{"unknown share", "serve --share no", 2, "auto, reuseport, handover"},
		{"proactor with selector", "serve --loop proactor --selector epoll", 2, "a proactor has no selector"},
		{"no loops", "serve --loops 0", 2, "--loops 0"},
		{"too many loops", "serve --loops 99999", 2, "--loops 99999"},
		{"loops without number", "serve --loops many", 2, "many"},
		{"negative grace", "serve --grace=-1s", 2, "--grace -1s is negative"},
		{"unknown command", "server", 2, `unknown command "server"`},
		{"no command", "", 2, "a command is missing"},
		{"help on nothing", "help server", 2, `"server"`},
		{"platform's unknown flag", "platform --yaml", 2, "unknown flag --yaml"},
		{"version's unknown flag", "version --long", 2, "unknown flag --long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := execute(t, strings.Fields(test.args)...)
			if r.status != test.status || r.stdout != "" || !strings.Contains(r.stderr, test.says) {
				t.Errorf("status %d, standard output %q, standard error %q", r.status, r.stdout, r.stderr)
			}
			if !regexp.MustCompile(`^asyncio: [^\n]+\n$`).MatchString(r.stderr) {
				t.Errorf("standard error is not one line: %q", r.stderr)
			}
		})
	}
}

// TestServeRefusesWhatIsAbsent: a selector that other systems have is not unknown.
func TestServeRefusesWhatIsAbsent(t *testing.T) {
	t.Parallel()
	absent := 0
	for _, i := range selectors.Available() {
		if i.Works {
			continue
		}
		absent++
		r := execute(t, "serve", "--selector", i.Name)
		if r.status != 1 || !strings.Contains(r.stderr, "selector "+i.Name+": ") || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: status %d, standard error %q", i.Name, r.status, r.stderr)
		}
	}
	if absent == 0 {
		t.Error("no system has them all")
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	all := execute(t, "help")
	if all.status != 0 || all.stderr != "" {
		t.Errorf("status %d, standard error %q", all.status, all.stderr)
	}
	for _, c := range commands {
		if !strings.Contains(all.stdout, c.name) || !strings.Contains(all.stdout, c.summary) {
			t.Errorf("help says nothing of %s:\n%s", c.name, all.stdout)
		}
		r := execute(t, "help", c.name)
		if r.status != 0 || !strings.Contains(r.stdout, c.summary) {
			t.Errorf("help %s: status %d, %q", c.name, r.status, r.stdout)
		}
		for _, asked := range []string{"-h", "-help", "--help"} {
			if q := execute(t, c.name, asked); q != r {
				t.Errorf("%s %s: %+v", c.name, asked, q)
			}
		}
	}
	serve := execute(t, "help", "serve").stdout
	for _, flag := range []string{"listen", "loop", "selector", "api", "loops", "share", "grace", "quiet", "tls-cert", "tls-key", "tls-self-signed"} {
		if !strings.Contains(serve, "\n  --"+flag) {
			t.Errorf("help serve says nothing of --%s:\n%s", flag, serve)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := execute(t, "version")
	if r.status != 0 || !regexp.MustCompile(`^asyncio \S+ go1\.\S+ \w+/\w+\n$`).MatchString(r.stdout) {
		t.Errorf("%+v", r)
	}
	if q := execute(t, "--version"); q != r {
		t.Errorf("--version: %+v", q)
	}
}
