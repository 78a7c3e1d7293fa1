package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// datagramCases are about datagram sockets.
var datagramCases = []testCase{
	{"Datagrams", testDatagrams},
	{"DatagramsConnected", testDatagramsConnected},
	{"DatagramTruncated", testDatagramTruncated},
	{"DatagramsHeldBack", testDatagramsHeldBack},
	{"DatagramHandlerFails", testDatagramHandlerFails},
	{"DatagramCloseInReceived", testDatagramCloseInReceived},
	{"DatagramCloseBetween", testDatagramCloseBetween},
	{"DatagramRefused", testDatagramRefused},
	{"DatagramNobody", testDatagramNobody},
	{"DatagramAwait", testDatagramAwait},
	{"DatagramClosedEngine", testDatagramClosedEngine},
	{"DatagramOwned", testDatagramOwned},
	{"DatagramBacklog", testDatagramBacklog},
	{"DatagramErrorQueue", testDatagramErrorQueue},
	{"DatagramVanished", testDatagramVanished},
	{"DatagramCoalesced", testDatagramCoalesced},
	{"DatagramCoalescedTruncated", testDatagramCoalescedTruncated},
	{"DatagramFlood", testDatagramFlood},
	{"DatagramExits", testDatagramExits},
	{"DatagramMany", testDatagramMany},
	{"DatagramReuse", testDatagramReuse},
	{"DatagramCloseSends", testDatagramCloseSends},
	{"DatagramHistory", testDatagramHistory},
}

// correspondent is a DatagramHandler that records, and its socket.
type correspondent struct {
	b    *bench
	d    engine.Datagram
	addr sock.Addr

	got       []string
	from      []sock.Addr
	truncated []int
	on        func(p []byte, from sock.Addr)

	queue    []letter // what is to be sent and was refused, or given back
	given    int      // of it, at its start, what was given back
	awaiting bool
	writable int
	failed   []error
	failedTo []sock.Addr
	broken   []error
	closed   bool
}

// letter is a datagram and where it goes.
type letter struct {
	p  string
	to sock.Addr
}

func (c *correspondent) alive(call string) {
	if c.closed {
		c.b.Errorf("%s after Close", call)
	}
}

func (c *correspondent) Received(p []byte, from sock.Addr) {
	c.alive("Received")
	c.got = append(c.got, string(p))
	c.from = append(c.from, from)
	if c.on != nil {
		c.on(p, from)
	}
}

func (c *correspondent) Truncated(size int, from sock.Addr) {
	c.alive("Truncated")
	c.truncated = append(c.truncated, size)
	c.from = append(c.from, from)
}

func (c *correspondent) Unsent(p []byte, to sock.Addr) {
	c.alive("Unsent")
	c.queue = slices.Insert(c.queue, c.given, letter{string(p), to})
	c.given++
	c.await()
}

func (c *correspondent) Writable() {
	c.alive("Writable")
	if !c.awaiting {
		c.b.Error("Writable without AwaitWritable")
	}
	c.awaiting = false
	c.writable++
	c.given = 0
	for len(c.queue) > 0 {
		taken, err := c.d.Send([]byte(c.queue[0].p), c.queue[0].to)
		c.b.must(err)
		if !taken {
			c.await()
			return
		}
		c.queue = c.queue[1:]
	}
}

func (c *correspondent) Failed(err error, to sock.Addr) {
	c.alive("Failed")
	c.failed = append(c.failed, err)
	c.failedTo = append(c.failedTo, to)
}

func (c *correspondent) Broken(err error) {
	c.alive("Broken")
	c.broken = append(c.broken, err)
}

func (c *correspondent) await() {
	if !c.awaiting {
		c.awaiting = true
		c.b.must(c.d.AwaitWritable())
	}
}

// send sends in the way of a transport: what is refused is kept, and goes later.
func (c *correspondent) send(p string, to sock.Addr) {
	c.b.Helper()
	if len(c.queue) == 0 {
		taken, err := c.d.Send([]byte(p), to)
		c.b.must(err)
		if taken {
			return
		}
	}
	c.queue = append(c.queue, letter{p, to})
	c.await()
}

func (c *correspondent) close() {
	if !c.closed {
		c.closed = true
		c.b.must(c.d.Close())
	}
}

// udp makes a socket with an address.
func (b *bench) udp() uintptr {
	b.Helper()
	s := b.e.Sockets()
	fd, err := s.Open(sock.Inet4, sock.Datagram)
	b.must(err)
	any, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	b.must(err)
	b.must(s.Bind(fd, any))
	return fd
}

// correspond makes a Datagram of a socket.
func (b *bench) correspond(fd uintptr, o engine.DatagramOptions) *correspondent {
	b.Helper()
	c := &correspondent{b: b, addr: b.addrOf(fd)}
	d, err := b.e.Datagram(fd, c, o)
	b.must(err)
	c.d = d
	b.cleanup = append(b.cleanup, c.close)
	return c
}

const maxSize = 2000

// correspondents makes two that receive.
func (b *bench) correspondents() (*correspondent, *correspondent) {
	b.Helper()
	x := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	y := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	b.must(x.d.StartReading())
	b.must(y.d.StartReading())
	return x, y
}

// connect connects a datagram socket, which needs no time.
func (b *bench) connect(fd uintptr, to sock.Addr) {
	b.Helper()
	done := false
	_, err := b.e.Connect(fd, to, func(err error) { b.must(err); done = true })
	b.must(err)
	b.until("a connected datagram socket", func() bool { return done })
}

// testDatagrams: boundaries are kept, empty ones included, and each has its sender.
func testDatagrams(t *testing.T, b *bench) {
	x, y := b.correspondents()
	y.on = func(p []byte, from sock.Addr) { y.send(string(p), from) }
	var want []string
	for i := range 100 {
		want = append(want, string(pattern(i*13%maxSize)))
	}
	for i, p := range want {
		x.send(p, y.addr)
		if i%10 == 9 {
			b.until("the echoes", func() bool { return len(x.got) == i+1 })
		}
	}
	for i := range want {
		if x.got[i] != want[i] || y.got[i] != want[i] {
			t.Fatalf("datagram %d of %d bytes came as %d and went back as %d", i, len(want[i]), len(y.got[i]), len(x.got[i]))
		}
		if y.from[i] != x.addr || x.from[i] != y.addr {
			t.Fatalf("from %v and %v, want %v and %v", y.from[i], x.from[i], x.addr, y.addr)
		}
	}
	if x.d.FD() == y.d.FD() {
		t.Error("two sockets of one descriptor")
	}
}

// testDatagramsConnected: to a connected socket's peer a datagram goes without an address.
func testDatagramsConnected(t *testing.T, b *bench) {
	fd, other := b.udp(), b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	b.connect(fd, other.addr)
	c := b.correspond(fd, engine.DatagramOptions{MaxSize: maxSize})
	b.must(c.d.StartReading())
	b.must(other.d.StartReading())
	for _, p := range []string{"one", "", "three"} {
		c.send(p, sock.Addr{})
	}
	b.until("the datagrams", func() bool { return len(other.got) == 3 })
	if !slices.Equal(other.got, []string{"one", "", "three"}) {
		t.Errorf("got %q", other.got)
	}
	other.send("back", other.from[0])
	b.until("the answer", func() bool { return len(c.got) == 1 })
	if c.got[0] != "back" || c.from[0] != other.addr {
		t.Errorf("got %q from %v", c.got[0], c.from[0])
	}
}

// testDatagramTruncated: one that is too long is told of as such, and no other is touched.
func testDatagramTruncated(t *testing.T, b *bench) {
	x, y := b.correspondents()
	long := string(pattern(maxSize + 500))
	x.send("before", y.addr)
	x.send(long, y.addr)
	x.send(long[:maxSize], y.addr)
	x.send("after", y.addr)
	b.until("all of them", func() bool { return len(y.got) == 3 && len(y.truncated) == 1 })
	if !slices.Equal(y.got, []string{"before", long[:maxSize], "after"}) {
		t.Errorf("%d datagrams are wrong", len(y.got))
	}
	if size := y.truncated[0]; size != len(long) && size != 0 {
		t.Errorf("its length is said to be %d, want %d, or 0 for unknown", size, len(long))
	}
	for _, from := range y.from {
		if from != x.addr {
			t.Errorf("from %v", from)
		}
	}
}

// testDatagramsHeldBack: what comes while nobody reads is told later, in order; also what
// came in one batch with the one after which the handler stopped.
func testDatagramsHeldBack(t *testing.T, b *bench) {
	x, y := b.correspondents()
	y.d.StopReading()
	y.d.StopReading()
	y.on = func([]byte, sock.Addr) { y.d.StopReading() }
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint(i))
		x.send(want[i], y.addr)
	}
	b.quiet()
	if len(y.got) != 0 {
		t.Fatal("received while stopped")
	}
	for i := range want {
		b.must(y.d.StartReading())
		b.must(y.d.StartReading())
		b.until("one more", func() bool { return len(y.got) == i+1 })
		b.quiet()
		if len(y.got) != i+1 {
			t.Fatalf("%d were told of after %d starts", len(y.got), i+1)
		}
	}
	if !slices.Equal(y.got, want) {
		t.Errorf("got %q", y.got)
	}
}

// testDatagramHandlerFails: what came in one batch is told of, whatever the handler does.
func testDatagramHandlerFails(t *testing.T, b *bench) {
	x, y := b.correspondents()
	y.on = func([]byte, sock.Addr) { panic(onPurpose) }
	x.on = func([]byte, sock.Addr) { panic(onPurpose) }
	var want []string
	for i := range 70 {
		want = append(want, fmt.Sprint(i))
		x.send(want[i], y.addr)
		y.send(want[i], x.addr)
	}
	b.until("all of them", func() bool { return len(y.got) >= len(want) && len(x.got) >= len(want) })
	b.quiet()
	if !slices.Equal(y.got, want) || !slices.Equal(x.got, want) {
		t.Errorf("got %q and %q", x.got, y.got)
	}
}

// testDatagramCloseInReceived: nothing more is told of.
func testDatagramCloseInReceived(t *testing.T, b *bench) {
	x, y := b.correspondents()
	y.on = func([]byte, sock.Addr) { y.close() }
	for range 5 {
		x.send("x", y.addr)
	}
	b.until("the first", func() bool { return y.closed })
	b.quiet()
	if len(y.got) != 1 {
		t.Errorf("%d were told of", len(y.got))
	}
	b.must(y.d.Close())
	if err := y.d.StartReading(); err == nil {
		t.Error("StartReading of a closed socket succeeds")
	}
	if _, err := y.d.Send(nil, x.addr); err == nil {
		t.Error("Send of a closed socket succeeds")
	}
	if err := y.d.AwaitWritable(); err == nil {
		t.Error("AwaitWritable of a closed socket succeeds")
	}
	y.d.StopReading()
}

// testDatagramCloseBetween: what Poll has found is void when the socket is closed before it
// is told.
func testDatagramCloseBetween(t *testing.T, b *bench) {
	x, y := b.correspondents()
	x.send("x", y.addr)
	b.between = y.close
	b.until("an event", func() bool { return y.closed })
	b.quiet()
	if len(y.got) != 0 {
		t.Error("received after Close")
	}
}

// testDatagramRefused: the error of the very datagram is Send's, and the socket goes on.
func testDatagramRefused(t *testing.T, b *bench) {
	x, y := b.correspondents()
	if taken, err := x.d.Send(bytes.Repeat([]byte("x"), 70_000), y.addr); err == nil {
		t.Errorf("a datagram longer than any is taken: %v", taken)
	}
	x.send("after", y.addr)
	b.until("the next", func() bool { return len(y.got) == 1 })
	b.quiet()
	if len(x.failed) != 0 {
		t.Errorf("told of besides: %v", x.failed)
	}
}

// testDatagramNobody: of a connected socket the system says that nobody listens; all else
// goes on.
func testDatagramNobody(t *testing.T, b *bench) {
	fd := b.udp()
	b.connect(fd, b.nobody())
	c := b.correspond(fd, engine.DatagramOptions{MaxSize: maxSize})
	b.must(c.d.StartReading())
	b.until("a report", func() bool {
		c.send("x", sock.Addr{}) // none fails with the error of another
		b.pass(10 * time.Millisecond)
		return len(c.failed) > 0
	})
	b.quiet()
	if len(c.broken) != 0 {
		t.Errorf("broken: %v", c.broken)
	}
}

// testDatagramAwait: a socket that can send says so once.
func testDatagramAwait(t *testing.T, b *bench) {
	x, y := b.correspondents()
	for i := range 3 {
		x.await()
		b.must(x.d.AwaitWritable())
		b.until("writability", func() bool { return x.writable == i+1 })
		b.quiet()
		if x.writable != i+1 {
			t.Fatalf("told of %d times", x.writable)
		}
	}
	x.send("x", y.addr)
	b.until("the datagram", func() bool { return len(y.got) == 1 })
}

// testDatagramClosedEngine: nothing of a closed engine's works, and nobody hears of it.
func testDatagramClosedEngine(t *testing.T, b *bench) {
	x, y := b.correspondents()
	x.send("x", y.addr)
	other := b.udp()
	defer b.e.Sockets().Close(other)
	b.must(b.e.Close())
	x.closed, y.closed = true, true
	if _, err := b.e.Datagram(other, x, engine.DatagramOptions{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Datagram: %v", err)
	}
	if err := x.d.StartReading(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("StartReading: %v", err)
	}
	if _, err := x.d.Send(nil, y.addr); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Send: %v", err)
	}
	b.must(x.d.Close())
}

// testDatagramOwned: its descriptor is nobody else's.
func testDatagramOwned(t *testing.T, b *bench) {
	fd := b.udp()
	w := &watcher{}
	b.must(b.e.Watch(fd, engine.Write, w))
	c := b.correspond(fd, engine.DatagramOptions{MaxSize: maxSize})
	w.got = nil
	b.quiet()
	if len(w.got) != 0 {
		t.Error("the watch goes on")
	}
	var used *engine.UsedError
	if err := b.e.Watch(fd, engine.Read, w); !errors.As(err, &used) || used.By != any(c) {
		t.Errorf("Watch: %v", err)
	}
	if _, err := b.e.Datagram(fd, c, engine.DatagramOptions{}); !errors.As(err, &used) {
		t.Errorf("Datagram: %v", err)
	}
	if _, err := b.e.Sockets().Take(fd); !errors.As(err, &used) {
		t.Errorf("Take: %v", err)
	}
}
