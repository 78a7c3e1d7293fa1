package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// patience is when a test that waits for something gives up.
const patience = time.Minute

// scene is a loop and what it speaks with.
type scene struct {
	*testing.T
	loop  asyncio.EventLoop
	log   *testkit.LogBook
	files certs.Files
}

// over runs f in a coroutine of a loop of each kind.
func over(t *testing.T, f func(ctx context.Context, s *scene)) {
	t.Helper()
	if os.Getenv("ASYNCIO_INTEROP") == "" {
		t.Skip("it needs openssl, curl, nginx and python3: ASYNCIO_INTEROP=1 says that they are there")
	}
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		s := &scene{T: t, log: &testkit.LogBook{}}
		loop, err := loops.New(m, asyncio.WithLogger(s.log.Logger()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { s.check(loop.Close()) }()
		s.loop = loop
		if s.files, err = certs.Default().Write(t.TempDir(), serverCertificate()); err != nil {
			t.Fatal(err)
		}
		task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
			f(ctx, s)
			return struct{}{}, nil
		})
		s.check(loop.RunUntilComplete(task))
	})
}

func serverCertificate() tls.Certificate {
	return certs.Default().Sign(certs.Names("localhost", "127.0.0.1"))
}

// check fails the test for an error, and goes on.
func (s *scene) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// until waits until something holds.
func (s *scene) until(ctx context.Context, what string, holds func() bool) {
	s.Helper()
	deadline := s.loop.Time() + patience
	for !holds() {
		if s.loop.Time() > deadline {
			s.Fatalf("waited in vain: %s; logged: %v", what, s.log)
		}
		_ = asyncio.Sleep(ctx, time.Millisecond)
	}
}

// program runs one on another goroutine, with stdin, and returns what it prints.
func (s *scene) program(ctx context.Context, stdin, name string, args ...string) (string, error) {
	s.Helper()
	return asyncio.ToThread(ctx, func() (string, error) {
		limited, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c := exec.CommandContext(limited, name, args...)
		c.Stdin = strings.NewReader(stdin)
		out, err := c.CombinedOutput()
		return string(out), err
	})
}

// dialogue is program, whose standard input ends only when it has printed a text, or has
// ended.
func (s *scene) dialogue(ctx context.Context, stdin, until, name string, args ...string) (string, error) {
	s.Helper()
	c := exec.Command(name, args...)
	book := &testkit.LogBook{}
	c.Stdout, c.Stderr = book, book
	in, err := c.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	ended := asyncio.NewFuture[error](s.loop)
	go func() {
		_, _ = io.WriteString(in, stdin)
		_ = ended.SetResult(c.Wait())
	}()
	deadline := s.loop.Time() + patience
	for !ended.Done() && book.Count(until) == 0 && s.loop.Time() < deadline {
		_ = asyncio.Sleep(ctx, time.Millisecond)
	}
	_ = in.Close()
	if s.loop.Time() >= deadline {
		_ = c.Process.Kill()
	}
	err, failed := ended.Await(ctx)
	if failed != nil {
		err = failed
	}
	return book.String(), err
}

// wants fails the test unless a program has succeeded and printed each text.
func (s *scene) wants(out string, err error, texts ...string) {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			s.Errorf("%q is not in the output", text)
			err = nil
		}
	}
	if err != nil || s.Failed() {
		s.Errorf("%v\n%s\nlogged: %v", err, out, s.log)
	}
}

// peer is a protocol that answers each line, and keeps what it has heard.
type peer struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
	answer    func(line []byte) []byte
	heard     bytes.Buffer
	rest      []byte
	made      *asyncio.Future[struct{}]
	lost      *asyncio.Future[error]
}

func newPeer(loop asyncio.EventLoop, answer func([]byte) []byte) *peer {
	return &peer{answer: answer, made: asyncio.NewFuture[struct{}](loop), lost: asyncio.NewFuture[error](loop)}
}

func (p *peer) ConnectionMade(t asyncio.Transport) {
	p.transport = t
	_ = p.made.SetResult(struct{}{})
}

func (p *peer) ConnectionLost(err error) { _ = p.lost.SetResult(err) }

func (p *peer) DataReceived(data []byte) {
	p.heard.Write(data)
	p.rest = append(p.rest, data...)
	for p.answer != nil {
		line, rest, found := bytes.Cut(p.rest, []byte("\n"))
		if !found {
			return
		}
		_, _ = p.transport.Write(p.answer(line))
		p.rest = rest
	}
}

// hears waits until a text has come.
func (p *peer) hears(ctx context.Context, s *scene, text string) {
	s.Helper()
	s.until(ctx, text, func() bool { return p.lost.Done() || strings.Contains(p.heard.String(), text) })
	if p.lost.Done() {
		s.Fatalf("%q has not come, but %q", text, p.heard.String())
	}
}

// echo answers a line with itself.
func echo(line []byte) []byte { return append(bytes.Clone(line), '\n') }

// serve makes a server of TLS, whose protocols answer lines; the last one that has met a
// transport is told to made.
func (s *scene) serve(ctx context.Context, c *tls.Config, answer func([]byte) []byte) (addr string, last func() *peer, end func()) {
	s.Helper()
	var p *peer
	server, err := s.loop.CreateServer(ctx, func() asyncio.Protocol {
		p = newPeer(s.loop, answer)
		return p
	}, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: c})
	if err != nil {
		s.Fatal(err)
	}
	return server.Addrs()[0].String(), func() *peer { return p }, func() {
		server.Close()
		server.AbortClients()
		s.check(server.WaitClosed(ctx))
	}
}

// connect makes a client.
func (s *scene) connect(ctx context.Context, addr string, c *tls.Config) (*peer, error) {
	s.Helper()
	p := newPeer(s.loop, nil)
	_, _, err := s.loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, "tcp", addr, &asyncio.ConnectionOptions{TLS: c})
	return p, err
}

// closes ends a client, and wants that both sides have said so.
func (p *peer) closes(ctx context.Context, s *scene) {
	s.Helper()
	s.check(p.transport.Close())
	if err, failed := p.lost.Await(ctx); err != nil || failed != nil {
		s.Error(err, failed)
	}
}

// version limits a configuration to one version of TLS.
func version(c *tls.Config, v uint16) *tls.Config {
	c.MinVersion, c.MaxVersion = v, v
	return c
}

// versions are those that everybody has.
var versions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
