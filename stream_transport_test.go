package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
)

// TestTransport is the behaviour of a connection over real sockets.
func TestTransport(t *testing.T) {
	t.Parallel()
	netRow(t, "selev.001.make-socket-transport", func(n *netTest) {
		var tr asyncio.Transport
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			tr = client.transport
			if s := fmt.Sprint(tr); !strings.Contains(s, "fd=") || !strings.Contains(s, "read=polling write=<idle, bufsize=0>") {
				n.Errorf("text form %q", s)
			}
			server.transport.Abort()
			tr.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			if s := fmt.Sprint(tr); !strings.Contains(s, "closed") {
				n.Errorf("text form %q", s)
			}
		})
		n.check(n.l.Close())
		if s := fmt.Sprint(tr); !strings.Contains(s, "StreamTransport closed") {
			n.Errorf("text form %q after the loop was closed", s)
		}
	})
	netRow(t, "selev.026.start-order", func(n *netTest) {
		n.run(func(ctx context.Context) {
			a, b, err := sock.Pair()
			n.check(err)
			sock.Write(b, []byte("early"))
			var order []string
			r := &recorder{
				onMade: func(asyncio.Transport) { order = append(order, "made") },
				onData: func([]byte) { order = append(order, "data") },
			}
			started := false
			_, err = asyncio.NewTransport(n.l, a, r, sock.Addr{}, func() {
				order = append(order, "waiter")
				started = true
			})
			n.check(err)
			if len(order) != 0 {
				n.Error("something happened within the call")
			}
			n.until(ctx, "the data", func() bool { return started && len(r.data) > 0 })
			if got := strings.Join(order, " "); got != "made waiter data" {
				n.Errorf("order: %s", got)
			}
			r.transport.Abort()
			n.passes(ctx)
			sock.Close(b)
		})
	})
	netRow(t, "selev.031a.read-ready-eof-closes", func(n *netTest) { eofCloses(n, func() asyncio.Protocol { return &recorder{} }) })
	netRow(t, "selev.055a.buffered-eof", func(n *netTest) {
		eofCloses(n, func() asyncio.Protocol { return &bufferedRecorder{size: 10} })
	})
	netRow(t, "selev.031b.read-ready-eof-keep-open", func(n *netTest) {
		eofKeepsOpen(n, func() asyncio.Protocol { return &recorder{keepOpen: true} })
	})
	netRow(t, "selev.055b.buffered-eof-keep-open", func(n *netTest) {
		eofKeepsOpen(n, func() asyncio.Protocol { return &bufferedRecorder{size: 10, recorder: recorder{keepOpen: true}} })
	})
	for row, make := range map[string]func() asyncio.Protocol{
		"selev.032.read-would-block":     func() asyncio.Protocol { return &recorder{} },
		"selev.056.buffered-would-block": func() asyncio.Protocol { return &bufferedRecorder{size: 10} },
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Selectors, func(t *testing.T) { spurious(newNetTest(t), nil, make()) })
		})
		idlePortRow(t, row+"_completion", func(n *netTest, w *watchedProactor) { spurious(n, w, make()) })
	}
	netRow(t, "selev.054.buffered-read", func(n *netTest) {
		n.run(func(ctx context.Context) {
			b := &bufferedRecorder{size: 10}
			c := n.accept(ctx, b)
			c.Write([]byte("data"))
			n.until(ctx, "the data", func() bool { return len(b.data) == 4 })
			if string(b.data) != "data" || b.hints[0] != -1 || b.history() != "made updated 4" {
				n.Errorf("%q, hints %v, %s", b.data, b.hints, b.history())
			}
			b.transport.Abort()
			n.passes(ctx)
		})
	})
	netRow(t, "selev.045.write-ready-would-block", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c, server := n.raw(ctx)
			sent := fill(n, server.transport)
			// Writability that is not there: the try blocks, and nothing changes. (The
			// first may find that the system has moved something on.)
			before := 0
			for got := server.transport.GetWriteBufferSize(); got != before; got = server.transport.GetWriteBufferSize() {
				before = got
				spuriously(server.transport, engine.Write)
			}
			if before == 0 || server.lost {
				n.Errorf("%d bytes buffered, lost=%v", before, server.lost)
			}
			n.check(server.transport.Close())
			got := readAll(n, c)
			n.until(ctx, "all of it", func() bool { return server.lost })
			if data := receive(ctx, n, "what the peer got", got); !bytes.Equal(data, sent) {
				n.Errorf("%d bytes arrived of %d", len(data), len(sent))
			}
		})
	})
	netRow(t, "peer-pauses", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			n.check(client.transport.PauseReading())
			server.onMade = nil
			chunk := pattern(1 << 20)
			var want []byte
			for !strings.Contains(server.history(), "pause") { // how much the system holds is its own affair
				server.transport.Write(chunk)
				want = append(want, chunk...)
				n.passes(ctx)
			}
			n.check(client.transport.ResumeReading())
			n.until(ctx, "the data", func() bool { return len(client.data) == len(want) })
			if !bytes.Equal(client.data, want) {
				n.Error("wrong data")
			}
			if server.history() != "made pause resume" {
				n.Errorf("%s", server.history())
			}
			n.check(client.transport.Close())
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			if server.history() != "made pause resume eof lost" {
				n.Errorf("%s", server.history())
			}
		})
	})
	netRow(t, "wrong-goroutine", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			elsewhere := make(chan []error)
			tr := client.transport
			go func() {
				_, werr := tr.Write([]byte("x"))
				elsewhere <- []error{
					werr, tr.WriteLines([][]byte{[]byte("x")}), tr.WriteEOF(), tr.PauseReading(), tr.ResumeReading(),
					tr.SetProtocol(&recorder{}), tr.SetWriteBufferLimits(1, 1), tr.Close(),
				}
			}()
			for i, err := range <-elsewhere {
				if !errors.Is(err, asyncio.ErrWrongGoroutine) {
					n.Errorf("call %d from another goroutine: %v", i, err)
				}
			}
			go tr.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
		})
	})
	netRow(t, "idle-loop", func(n *netTest) {
		// Methods work on a loop that does not run, by whoever holds it.
		var client, server *recorder
		n.run(func(ctx context.Context) { client, server = n.pair(ctx) })
		if k, err := client.transport.Write([]byte("x")); k != 1 || err != nil {
			n.Errorf("Write = %d, %v", k, err)
		}
		n.check(client.transport.Close())
		n.run(func(ctx context.Context) {
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			if string(server.data) != "x" {
				n.Errorf("got %q", server.data)
			}
		})
	})
	netRow(t, "selev.081.unclosed-transport-warning", func(n *netTest) {
		var peer net.Conn
		var text string
		n.run(func(ctx context.Context) {
			c, server := n.raw(ctx)
			peer, text = c, fmt.Sprint(server.transport)
			text = text[:strings.Index(text, " read=")]
		})
		n.check(n.l.Close())
		if n.log.Count("unclosed transport") != 1 || n.log.Count(text) != 1 {
			n.Errorf("logged %q, want a warning that names %s", n.log, text)
		}
		if _, err := peer.Read(make([]byte, 1)); err == nil {
			n.Error("the socket is still open")
		}
	})
}

// accept serves p, a recorder, to one plain connection.
func (n *netTest) accept(ctx context.Context, p asyncio.Protocol) *net.TCPConn {
	n.Helper()
	s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { return p }, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		n.Fatal(err)
	}
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { c.Close() })
	n.until(ctx, "the connection", func() bool { return record(p).transport != nil })
	n.passes(ctx)
	s.Close()
	return c.(*net.TCPConn)
}

// record is what happened to a recorder of either kind.
func record(p asyncio.Protocol) *recorder {
	if b, ok := p.(*bufferedRecorder); ok {
		return &b.recorder
	}
	return p.(*recorder)
}

func eofCloses(n *netTest, make func() asyncio.Protocol) {
	n.run(func(ctx context.Context) {
		p := make()
		r := record(p)
		c := n.accept(ctx, p)
		c.CloseWrite()
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.history() != "made eof lost" || r.lostErr != nil {
			n.Errorf("%s, %v", r.history(), r.lostErr)
		}
		if got := receive(ctx, n, "the peer's end", readAll(n, c)); len(got) != 0 {
			n.Errorf("the peer reads %q", got)
		}
	})
}

func eofKeepsOpen(n *netTest, make func() asyncio.Protocol) {
	n.run(func(ctx context.Context) {
		p := make()
		r := record(p)
		c := n.accept(ctx, p)
		c.CloseWrite()
		n.until(ctx, "the end of stream", func() bool { return strings.HasSuffix(r.history(), "eof") })
		n.passes(ctx)
		// Pausing and going on does not bring the end again.
		n.check(r.transport.PauseReading())
		n.check(r.transport.ResumeReading())
		n.passes(ctx)
		if r.transport.IsClosing() || r.history() != "made eof" {
			n.Errorf("closing=%v, %s", r.transport.IsClosing(), r.history())
		}
		r.transport.Write([]byte("answer"))
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		if data := receive(ctx, n, "what the peer got", readAll(n, c)); string(data) != "answer" {
			n.Errorf("the peer got %q", data)
		}
	})
}

// spurious: a stream that is told of readiness that is not there, or over a proactor
// of a receive that ended with nothing, reads nothing, and goes on.
func spurious(n *netTest, w *watchedProactor, p asyncio.Protocol) {
	n.run(func(ctx context.Context) {
		r := record(p)
		c := n.accept(ctx, p)
		n.until(ctx, "the connection", func() bool { return r.transport != nil })
		if fd := socketOf(r.transport); w == nil {
			spuriously(r.transport, engine.Read)
		} else {
			w.fail(proactors.Receive, fd, proactors.ErrCancelled)
			n.until(ctx, "the next receive", func() bool { return w.posted[about(proactors.Receive, fd)] == 2 })
		}
		n.passes(ctx)
		if r.history() != "made" || r.transport.IsClosing() {
			n.Errorf("%s", r.history())
		}
		c.Write([]byte("data"))
		n.until(ctx, "the data", func() bool { return string(r.data) == "data" })
		r.transport.Abort()
		n.passes(ctx)
	})
}

// fill writes until something is buffered and returns all that was written.
func fill(n *netTest, t asyncio.Transport) (sent []byte) {
	n.Helper()
	n.check(setSendBuffer(socketOf(t), 1<<17))
	chunk := pattern(1 << 20)
	for t.GetWriteBufferSize() == 0 {
		if k, err := t.Write(chunk); k != len(chunk) || err != nil {
			n.Fatalf("Write = %d, %v", k, err)
		}
		sent = append(sent, chunk...)
	}
	return sent
}

// readAll reads a plain connection to its end, on a goroutine of its own.
func readAll(n *netTest, c net.Conn) <-chan []byte {
	got := make(chan []byte, 1)
	go func() {
		data, err := io.ReadAll(c)
		if err != nil {
			n.Errorf("the peer: %v", err)
		}
		got <- data
	}()
	return got
}

func pattern(size int) []byte {
	p := make([]byte, size)
	x := uint32(1)
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return p
}

// errOdd is no error of the system's.
var errOdd = errors.New("odd")

// TestTransportRefused: a stream that cannot be made leaves no transport behind.
func TestTransportRefused(t *testing.T) {
	t.Parallel()
	fakeRow(t, "stream-refused", func(ctx context.Context, n *netTest) {
		asyncio.Engine(n.l).(*scripted).stream = func(uintptr, engine.StreamHandler) (engine.Stream, error) { return nil, errOdd }
		if _, err := asyncio.NewTransport(n.l, 1, &recorder{}, sock.Addr{}, nil); err != errOdd {
			n.Errorf("got %v", err)
		}
		if len(asyncio.Transports(n.l)) != 0 {
			n.Error("the transport that was not made is listed")
		}
	})
}
