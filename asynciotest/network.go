package asynciotest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

// networkCases are the behaviours of servers and connections.
var networkCases = []behaviour{
	{"tcp-echo", func(e *env) {
		e.served(func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			client := c.connect(ctx)
			want(e, "connected before the call returned", client.transport != nil, true)
			for _, s := range []string{"a", "bc", strings.Repeat("d", 100_000)} {
				_, err := client.transport.Write([]byte(s))
				e.must(err)
				client.expect(ctx, s)
			}
			e.must(client.transport.Close())
			client.lost.wait(ctx)
			want(e, "error at the end", client.err, nil)
		})
	}},
	{"tcp-many-clients", func(e *env) {
		const clients = 100
		e.served(func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			var talks []func(context.Context) (struct{}, error)
			for i := range clients {
				talks = append(talks, func(ctx context.Context) (struct{}, error) {
					client := c.connect(ctx)
					message := strings.Repeat(string(rune('a'+i%26)), 1+i)
					for range 3 {
						if _, err := client.transport.Write([]byte(message)); err != nil {
							return struct{}{}, err
						}
						client.expect(ctx, message)
					}
					return struct{}{}, client.transport.Close()
				})
			}
			_, err := asyncio.Gather(ctx, talks...)
			e.must(err)
		})
	}},
	{"tcp-half-close", func(e *env) { halfClose(e, "") }},
	{"tcp-end-of-stream-closes", func(e *env) {
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			client := c.connect(ctx)
			server := c.accepted(ctx)
			e.must(client.transport.WriteEOF())
			server.lost.wait(ctx)
			want(e, "error", server.err, nil)
			client.lost.wait(ctx)
		})
	}},
	{"tcp-flow-control", flowControl},
	{"tcp-close-sends-what-is-buffered", func(e *env) {
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			raw := c.dial(ctx)
			server := c.accepted(ctx)
			sent := e.noise(8 << 20)
			_, err := server.transport.Write(sent)
			e.must(err)
			e.must(server.transport.Close())
			want(e, "closing", server.transport.IsClosing(), true)
			got := e.readAll(ctx, raw)
			want(e, "all arrived", bytes.Equal(got, sent), true)
			server.lost.wait(ctx)
			want(e, "error", server.err, nil)
		})
	}},
	{"tcp-abort-drops-what-is-buffered", func(e *env) {
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			raw := c.dial(ctx)
			server := c.accepted(ctx)
			sent := e.noise(16 << 20)
			_, err := server.transport.Write(sent)
			e.must(err)
			server.transport.Abort()
			server.lost.wait(ctx)
			want(e, "error", server.err, nil)
			want(e, "less than all arrived", len(e.readAll(ctx, raw)) < len(sent), true)
		})
	}},
	{"tcp-pause-reading", func(e *env) {
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			raw := c.dial(ctx)
			server := c.accepted(ctx)
			e.must(server.transport.PauseReading())
			want(e, "reading", server.transport.IsReading(), false)
			_, err := raw.Write([]byte("held back"))
			e.must(err)
			e.must(asyncio.Sleep(ctx, 5*time.Millisecond))
			want(e, "received while paused", len(server.got), 0)
			e.must(server.transport.ResumeReading())
			server.expect(ctx, "held back")
		})
	}},
	{"tcp-server-close", func(e *env) {
		e.served(func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			client := c.connect(ctx)
			_, err := client.transport.Write([]byte("there")) // and accepted, when the answer comes
			e.must(err)
			client.expect(ctx, "there")
			c.server.Close()
			want(e, "serving", c.server.IsServing(), false)
			// A system that was accepting may take a moment to let go of the socket.
			for began := c.loop.Time(); ; {
				late, err := dialOutside(ctx, c.loop, c.address)
				if err != nil {
					break
				}
				e.must(late.Close())
				if c.loop.Time()-began > 10*time.Second {
					e.Fatal("a closed server takes connections")
				}
				e.must(asyncio.Sleep(ctx, time.Millisecond))
			}
			_, err = client.transport.Write([]byte("still there"))
			e.must(err)
			client.expect(ctx, "still there")
			closed := asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.server.WaitClosed(ctx) })
			e.must(asyncio.Sleep(ctx, 0))
			want(e, "WaitClosed returned with a connection open", closed.Done(), false)
			c.server.CloseClients()
			client.lost.wait(ctx)
			_, err = closed.Await(ctx)
			e.must(err)
		})
	}},
	{"tcp-connection-refused", func(e *env) {
		l := e.loop()
		const address = "127.0.0.1:1" // tcpmux: nobody listens there
		e.run(l, func(ctx context.Context) error {
			_, _, err := l.CreateConnection(ctx, func() asyncio.Protocol { e.Error("a protocol was made"); return &echo{} }, "tcp", address, nil)
			if err == nil || !strings.Contains(err.Error(), address) {
				e.Errorf("error %v does not name %s", err, address)
			}
			return nil
		})
	}},
	{"tcp-address-in-use", func(e *env) {
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			s, err := c.loop.CreateServer(ctx, func() asyncio.Protocol { return &echo{} }, "tcp", c.address, nil)
			if err == nil {
				s.Close()
				e.Fatal("two servers on one address")
			}
			if !strings.Contains(err.Error(), c.address) {
				e.Errorf("error %v does not name %s", err, c.address)
			}
		})
	}},
	{"tcp-from-other-goroutines", func(e *env) {
		e.served(func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			_, err := asyncio.ToThread(ctx, func() (struct{}, error) {
				client := &peer{}
				transport, _, err := c.loop.CreateConnection(context.Background(), func() asyncio.Protocol { return client }, "tcp", c.address, nil)
				if err != nil {
					return struct{}{}, err
				}
				_, err = c.loop.CallSoonThreadsafe(transport.Abort)
				return struct{}{}, err
			})
			e.must(err)
		})
	}},
	{"tcp-panic-in-a-protocol", func(e *env) {
		reported := 0
		e.served(newPeer, func(ctx context.Context, c *conversation) {
			e.must(c.loop.SetExceptionHandler(func(_ asyncio.EventLoop, r asyncio.ExceptionContext) {
				reported++
				if p := new(asyncio.PanicError); !errors.As(r.Err, &p) || p.Value != "in data" {
					e.Errorf("reported: %v", r)
				}
			}))
			raw := c.dial(ctx)
			server := c.accepted(ctx)
			server.onData = func() { panic("in data") }
			_, err := raw.Write([]byte("x"))
			e.must(err)
			server.lost.wait(ctx)
			want(e, "told why", server.err != nil, true)
			e.must(c.loop.SetExceptionHandler(nil))
		})
		want(e, "reports", reported, 1)
	}},
	{"tcp-loop-closed-with-connections", func(e *env) {
		l := e.loop()
		c := &conversation{e: e, loop: l, after: make(chan error, 1)}
		e.run(l, func(ctx context.Context) error {
			c.serve(ctx, newPeer)
			raw := c.dial(ctx)
			c.accepted(ctx)
			go func() {
				_, err := io.Copy(io.Discard, raw)
				c.after <- err
			}()
			return nil
		})
		e.must(l.Close())
		<-c.after // the peer's reading has ended: the connection is gone
	}},
	{"getaddrinfo-literal", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			addrs, err := l.GetAddrInfo(ctx, "tcp", "127.0.0.1:80")
			if err == nil && (len(addrs) != 1 || addrs[0].String() != "127.0.0.1:80") {
				e.Errorf("addresses %v", addrs)
			}
			return err
		})
	}},
}

// flowControl has a server write to a client that does not read, until it is
// told to pause; then the client reads all.
func flowControl(e *env) {
	e.served(newPeer, func(ctx context.Context, c *conversation) {
		raw := c.dial(ctx)
		server := c.accepted(ctx)
		e.must(server.transport.SetWriteBufferLimits(64<<10, 16<<10))
		chunk := e.noise(32 << 10)
		written := 0
		for server.paused == 0 {
			if written > 1<<30 {
				e.Fatal("1 GiB written, and not told to pause")
			}
			_, err := server.transport.Write(chunk)
			e.must(err)
			written += len(chunk)
		}
		if size := server.transport.GetWriteBufferSize(); size <= 64<<10 {
			e.Errorf("paused with %d bytes in the buffer", size)
		}
		want(e, "resumed while nobody reads", server.resumed, 0)
		done := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return e.readAll(ctx, raw), nil })
		for server.resumed == 0 {
			e.must(asyncio.Sleep(ctx, time.Millisecond))
		}
		if size := server.transport.GetWriteBufferSize(); size > 16<<10 {
			e.Errorf("resumed with %d bytes in the buffer", size)
		}
		e.must(server.transport.Close())
		got, err := done.Await(ctx)
		e.must(err)
		want(e, "all arrived in order", bytes.Equal(got, bytes.Repeat(chunk, written/len(chunk))), true)
		want(e, "pauses", server.paused, 1)
		want(e, "resumes", server.resumed, 1)
	})
}

// conversation is a server with its clients, on one loop.
type conversation struct {
	e       *env
	loop    asyncio.EventLoop
	server  *asyncio.Server
	address string
	isUnix  bool // address is a path
	arrived []*peer
	after   chan error
}

// halfClose has a client end its side, and the server answer all the same; path is that of
// a unix socket, "" for TCP.
func halfClose(e *env, path string) {
	e.servedAt(path, newPeer, func(ctx context.Context, c *conversation) {
		client := c.connect(ctx)
		server := c.accepted(ctx)
		server.stayOpen = true
		_, err := client.transport.Write([]byte("question"))
		e.must(err)
		e.must(client.transport.WriteEOF())
		server.ended.wait(ctx)
		server.expect(ctx, "question")
		_, err = server.transport.Write([]byte("answer"))
		e.must(err)
		client.expect(ctx, "answer")
		e.must(server.transport.Close())
		client.lost.wait(ctx)
		server.lost.wait(ctx)
	})
}

// served runs f in a coroutine beside a server whose protocols come from make.
// Whatever reaches the exception handler fails the test.
func (e *env) served(make func(*conversation) asyncio.Protocol, f func(ctx context.Context, c *conversation)) {
	e.Helper()
	e.servedAt("", make, f)
}

// servedAt is that with a server on a path, or on a port if the path is empty.
func (e *env) servedAt(path string, make func(*conversation) asyncio.Protocol, f func(ctx context.Context, c *conversation)) {
	e.Helper()
	l := e.loop()
	e.must(l.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		e.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	c := &conversation{e: e, loop: l, address: path, isUnix: path != ""}
	e.run(l, func(ctx context.Context) error {
		return asyncio.Timeout(ctx, 60*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			c.serve(ctx, make)
			f(ctx, c)
			c.server.Close()
			c.server.AbortClients()
			return c.server.WaitClosed(ctx)
		})
	})
}

func (c *conversation) serve(ctx context.Context, make func(*conversation) asyncio.Protocol) {
	c.e.Helper()
	var err error
	factory := func() asyncio.Protocol { return make(c) }
	if c.isUnix {
		c.server, err = c.loop.CreateUnixServer(ctx, factory, c.address, nil)
	} else {
		c.server, err = c.loop.CreateServer(ctx, factory, "tcp", "127.0.0.1:0", nil)
	}
	c.e.must(err)
	c.address = c.server.Addrs()[0].String()
}

// newPeer makes the protocol of an accepted connection.
func newPeer(c *conversation) asyncio.Protocol {
	p := &peer{e: c.e}
	c.arrived = append(c.arrived, p)
	return p
}

// accepted waits for the server's side of the first connection.
func (c *conversation) accepted(ctx context.Context) *peer {
	c.e.Helper()
	for len(c.arrived) == 0 || c.arrived[0].transport == nil {
		c.e.must(asyncio.Sleep(ctx, time.Millisecond))
	}
	return c.arrived[0]
}

// connect makes a connection by the loop.
func (c *conversation) connect(ctx context.Context) *peer {
	c.e.Helper()
	p := &peer{e: c.e}
	factory := func() asyncio.Protocol { return p }
	var transport asyncio.Transport
	var protocol asyncio.Protocol
	var err error
	if c.isUnix {
		transport, protocol, err = c.loop.CreateUnixConnection(ctx, factory, c.address, nil)
	} else {
		transport, protocol, err = c.loop.CreateConnection(ctx, factory, "tcp", c.address, nil)
	}
	c.e.must(err)
	want(c.e, "the protocol", protocol, asyncio.Protocol(p))
	want(c.e, "the transport", transport, p.transport)
	return p
}

// dial makes a connection beside the loop.
func (c *conversation) dial(ctx context.Context) outside {
	c.e.Helper()
	raw, err := dialOutside(ctx, c.loop, c.address)
	c.e.must(err)
	c.e.Cleanup(func() { raw.Close() })
	return raw
}

// readAll reads to the end of a connection, which an abort may have broken off.
func (e *env) readAll(ctx context.Context, c outside) []byte {
	e.Helper()
	got, err := asyncio.ToThread(ctx, func() ([]byte, error) {
		if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return nil, err
		}
		got, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return got, err
		}
		return got, nil
	})
	e.must(err)
	return got
}

// noise returns bytes that do not repeat soon.
func (e *env) noise(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	p := make([]byte, n)
	_, err := source.Read(p)
	e.must(err)
	return p
}

// echo is a protocol that sends back what comes.
type echo struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
}

func (p *echo) ConnectionMade(t asyncio.Transport) { p.transport = t }

func (p *echo) DataReceived(data []byte) {
	_, _ = p.transport.Write(data) // a client that is gone is told of by ConnectionLost
}

// peer is a protocol that writes down what happens.
type peer struct {
	e               *env
	transport       asyncio.Transport
	got             []byte
	arrived         asyncio.Waiter
	ended, lost     latch
	err             error
	stayOpen        bool
	onData          func()
	paused, resumed int
}

func (p *peer) ConnectionMade(t asyncio.Transport) { p.transport = t }

func (p *peer) DataReceived(data []byte) {
	if p.onData != nil {
		p.onData()
	}
	p.got = append(p.got, data...)
	p.arrived.Wake()
}

func (p *peer) EOFReceived() bool {
	p.ended.open()
	return p.stayOpen
}

func (p *peer) ConnectionLost(err error) {
	p.err = err
	p.lost.open()
	p.arrived.Wake()
}

func (p *peer) PauseWriting()  { p.paused++ }
func (p *peer) ResumeWriting() { p.resumed++ }

// expect waits until as much has come as there is in s, which it takes.
func (p *peer) expect(ctx context.Context, s string) {
	for len(p.got) < len(s) && !p.lost.opened {
		if err := p.arrived.Wait(ctx); err != nil {
			p.fail("waiting for data: %v", err)
			return
		}
	}
	if string(p.got) != s {
		p.fail("got %.40q (%d bytes), want %.40q (%d bytes)", p.got, len(p.got), s, len(s))
	}
	p.got = nil
}

func (p *peer) fail(format string, args ...any) {
	p.e.Helper()
	p.e.Fatalf(format, args...)
}

// latch is opened once; one coroutine may wait for that.
type latch struct {
	opened bool
	waiter asyncio.Waiter
}

func (l *latch) open() {
	l.opened = true
	l.waiter.Wake()
}

// wait returns early only if ctx ends, which ends the test otherwise.
func (l *latch) wait(ctx context.Context) {
	for !l.opened && l.waiter.Wait(ctx) == nil {
		continue
	}
}
