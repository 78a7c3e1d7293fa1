package asyncio_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// idleLimit is what an idle connection may cost in memory of this process, its
// protocol included.
func idleLimit() int64 {
	if runtime.GOOS == "windows" {
		return 660 // handles are no small numbers there: what is known of them is in maps
	}
	return 560
}

// overBothKinds runs f over the machine's best selector and its best proactor, one
// after the other.
func overBothKinds(t *testing.T, f func(*netTest)) {
	for _, m := range testkit.Available(t, testkit.Kinds) {
		t.Run(m.Name, func(t *testing.T) { f(newNetTest(t)) })
	}
}

// TestIdleConnections: a connection on which nothing happens costs its transport
// and its protocol, no buffer and no goroutine. Not parallel: it measures the
// whole process.
func TestIdleConnections(t *testing.T) {
	overBothKinds(t, func(n *netTest) {
		ln, a := listenTCP(n)
		defer sock.Close(ln)
		idleConnections(n, func(ctx context.Context) (own, peer uintptr) { return dialTCP(ctx, n, ln, a) })
	})
}

// TestIdlePairs is TestIdleConnections for the system's pairs, unix sockets where it has
// them, of which is also kept who the peer is.
func TestIdlePairs(t *testing.T) {
	overBothKinds(t, func(n *netTest) {
		idleConnections(n, func(context.Context) (own, peer uintptr) {
			own, peer, err := sock.Pair()
			n.check(err)
			return own, peer
		})
	})
}

// listenTCP returns a socket that listens, and where.
func listenTCP(n *netTest) (uintptr, sock.Addr) {
	ln, err := sock.Open(sock.Inet4, sock.Stream)
	n.check(err)
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	n.check(err)
	n.check(sock.Bind(ln, a))
	n.check(sock.Listen(ln, 128))
	a, err = sock.SockName(ln)
	n.check(err)
	return ln, a
}

// dialTCP connects to what listens; the accepted one is own.
func dialTCP(ctx context.Context, n *netTest, ln uintptr, to sock.Addr) (own, peer uintptr) {
	peer, err := sock.Open(sock.Inet4, sock.Stream)
	n.check(err)
	if err := sock.Connect(peer, to); err != nil && !sock.InProgress(err) {
		n.Fatal(err)
	}
	var from sock.Addr
	n.until(ctx, "the connection", func() bool {
		own, err = sock.AcceptFrom(ln, &from)
		return err == nil || !sock.WouldBlock(err)
	})
	n.check(err)
	return own, peer
}

func idleConnections(n *netTest, connect func(context.Context) (own, peer uintptr)) {
	n.run(func(ctx context.Context) {
		const count = 400
		settle := func() (heap uint64, goroutines int) {
			n.passes(ctx)
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, runtime.NumGoroutine()
		}
		open := func(k int) (peers []uintptr) {
			for range k {
				own, peer := connect(ctx)
				_, err := asyncio.NewTransport(n.l, own, &asyncio.BaseProtocol{}, sock.Addr{}, nil)
				n.check(err)
				peers = append(peers, peer)
			}
			return peers
		}
		peers := open(100) // the tables have some size then
		peers = append(peers, make([]uintptr, 0, count)...)
		before, goroutines := settle()
		peers = append(peers, open(count)...)
		after, goroutinesAfter := settle()
		each := int64(after-before) / count
		n.Logf("%d bytes for each idle connection", each)
		if each > idleLimit() {
			n.Errorf("%d bytes for each idle connection, more than %d", each, idleLimit())
		}
		if goroutinesAfter > goroutines {
			n.Errorf("%d goroutines more", goroutinesAfter-goroutines)
		}
		for _, tr := range asyncio.Transports(n.l) {
			tr.Abort()
		}
		n.passes(ctx)
		for _, fd := range peers {
			sock.Close(fd)
		}
	})
}

// TestEchoAllocatesNothing: in steady state a message allocates nothing. Not parallel:
// it measures the whole process.
func TestEchoAllocatesNothing(t *testing.T) { overBothKinds(t, echoAllocatesNothing) }

func echoAllocatesNothing(n *netTest) {
	n.run(func(ctx context.Context) {
		a, peer, err := sock.Pair()
		n.check(err)
		tr, err := asyncio.NewTransport(n.l, a, &echoProtocol{}, sock.Addr{}, nil)
		n.check(err)
		n.passes(ctx)
		msg := make([]byte, 64)
		message := func() {
			sock.Write(peer, msg)
			for k := 0; k <= 0; {
				n.check(asyncio.Sleep(ctx, 0))
				if k, err = sock.Read(peer, msg); err != nil && !sock.WouldBlock(err) {
					n.Fatal(err)
				}
			}
		}
		for range 100 { // a stream over a proactor has made up its mind by then
			message()
		}
		if k := testing.AllocsPerRun(1000, message); k != 0 {
			n.Errorf("%v allocations for each message", k)
		}
		tr.Abort()
		n.passes(ctx)
		sock.Close(peer)
	})
}

// TestBacklogAllocatesLittle: neither does falling behind and catching up.
func TestBacklogAllocatesLittle(t *testing.T) {
	n := newNetTest(t)
	n.run(func(ctx context.Context) {
		a, peer, err := sock.Pair()
		n.check(err)
		tr, err := asyncio.NewTransport(n.l, a, &echoProtocol{}, sock.Addr{}, nil)
		n.check(err)
		n.passes(ctx)
		event := asyncio.StreamOf(tr).(engine.Completer)
		big := make([]byte, 1<<20)
		buf := make([]byte, 1<<16)
		backlog := func() {
			tr.Write(big)
			for tr.GetWriteBufferSize() > 0 {
				for k := 1; k > 0; k, _ = sock.Read(peer, buf) {
				}
				event.Complete(uint64(engine.Write))
			}
			for k := 1; k > 0; k, _ = sock.Read(peer, buf) {
			}
		}
		backlog()
		// Registering for writing, and back: each makes a key, and may box a descriptor.
		if k := testing.AllocsPerRun(20, backlog); k > 4 {
			t.Errorf("%v allocations for each backlog", k)
		}
		tr.Abort()
		n.passes(ctx)
		sock.Close(peer)
	})
}

type echoProtocol struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (p *echoProtocol) ConnectionMade(t asyncio.Transport) { p.t = t }
func (p *echoProtocol) DataReceived(data []byte)           { p.t.Write(data) }

// TestPeerThatNeverReads: a server that respects PauseWriting and has much to
// say to a client that never reads keeps a bounded amount of it.
func TestPeerThatNeverReads(t *testing.T) {
	t.Parallel()
	netRow(t, "bounded", func(n *netTest) {
		n.run(func(ctx context.Context) {
			const total, piece = 32 << 20, 16 << 10 // more than the system takes
			c, server := n.raw(ctx)
			p := pattern(2 * piece)
			sent, most, paused := 0, 0, false
			pump := func() {
				for sent < total && !paused {
					server.transport.Write(pieceOf(p, sent/piece))
					sent += piece
					most = max(most, server.transport.GetWriteBufferSize())
				}
			}
			server.onPause = func() { paused = true }
			server.onResume = func() { paused = false; pump() }
			pump()
			n.passes(ctx)
			stuck := sent
			n.passes(ctx)
			if !paused || sent != stuck || stuck == total {
				n.Fatalf("paused=%v after %d of %d bytes", paused, stuck, total)
			}
			// It reads after all: everything comes, and no more was ever kept.
			done := make(chan error, 1)
			go func() { done <- readPieces(c, p, total/piece) }()
			n.until(ctx, "all of it", func() bool { return sent == total && server.transport.GetWriteBufferSize() == 0 })
			n.check(<-done)
			if limit := 64<<10 + piece; most > limit {
				n.Errorf("%d bytes were buffered, want %d at most", most, limit)
			}
			server.transport.Abort()
			n.passes(ctx)
		})
	})
}

// pieceOf returns the i-th piece of what is sent, half as long as p: another one each time.
func pieceOf(p []byte, i int) []byte {
	i %= len(p) / 2
	return p[i : i+len(p)/2]
}

// readPieces reads so many pieces of p.
func readPieces(c net.Conn, p []byte, count int) error {
	buf := make([]byte, len(p)/2)
	for i := range count {
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
		if !bytes.Equal(buf, pieceOf(p, i)) {
			return fmt.Errorf("piece %d is not what was sent", i)
		}
	}
	return nil
}

// TestChurn: many connections come and go in every way there is; every byte is
// accounted for and nothing is left.
func TestChurn(t *testing.T) {
	t.Parallel()
	netRow(t, "seeded", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { return &echoProtocol{} }, "tcp", "127.0.0.1:0", nil)
			if err != nil {
				n.Fatal(err)
			}
			addr := s.Addrs()[0].String()
			done := make(chan struct{})
			const workers, rounds = 4, 25
			for w := range workers {
				go func() {
					rng := rand.New(rand.NewPCG(uint64(w), 9))
					for range rounds {
						churn(n, rng, addr)
					}
					done <- struct{}{}
				}()
			}
			left := workers
			n.until(ctx, "the clients", func() bool {
				select {
				case <-done:
					left--
				default:
				}
				return left == 0
			})
			s.Close()
			n.until(ctx, "the connections to end", func() bool { return asyncio.Active(s) == 0 })
			n.check(s.WaitClosed(ctx))
			if len(asyncio.Transports(n.l)) != 0 {
				n.Error("a transport is left")
			}
		})
	})
}

// churn is one client's life.
func churn(n *netTest, rng *rand.Rand, addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		n.Error(err)
		return
	}
	defer conn.Close()
	c := conn.(*net.TCPConn)
	if rng.IntN(5) == 0 {
		c.SetLinger(0)
		c.Write(make([]byte, 1000))
		return // reset, with or without what was echoed
	}
	data := pattern(1 + rng.IntN(200<<10))
	go func() {
		for p := data; len(p) > 0; {
			k := min(len(p), 1+int(crc32.ChecksumIEEE(p[:1])%30000))
			if _, err := c.Write(p[:k]); err != nil {
				return
			}
			p = p[k:]
		}
		c.CloseWrite()
	}()
	if rng.IntN(5) == 0 {
		c.Read(make([]byte, 1)) // gone in the middle
		return
	}
	got := readAll(n, c)
	if echoed := <-got; string(echoed) != string(data) {
		n.Errorf("%d bytes came back of %d", len(echoed), len(data))
	}
}
