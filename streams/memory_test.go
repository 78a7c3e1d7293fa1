package streams

import (
	"bytes"
	"context"
	"net"
	"runtime"
	"testing"
	"unsafe"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestAllocations is not parallel: it counts all that the process allocates.
func TestAllocations(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("pools forget under the race detector")
	}
	play(t, nil, func(s *stage) {
		r := s.reader(DefaultLimit)
		data := bytes.Repeat([]byte("x"), 100)
		data[99] = '\n'
		room := make([]byte, 4096)
		feed := func() { s.check(r.FeedData(data)) }
		waiting := func(read func()) func() {
			return func() {
				s.soon(feed)
				read()
			}
		}
		present := func(read func()) func() {
			return func() {
				feed()
				read()
			}
		}
		readInto := func() { _, err := r.ReadInto(s.ctx, room); s.check(err) }
		read := func() { _, err := r.Read(s.ctx, 4096); s.check(err) }
		line := func() { _, err := r.ReadLine(s.ctx); s.check(err) }
		exactly := func() { _, err := r.ReadExactly(s.ctx, 100); s.check(err) }
		for name, c := range map[string]struct {
			f    func()
			most float64
		}{
			"read into, waiting": {waiting(readInto), 0},
			"read into, present": {present(readInto), 0},
			"read, waiting":      {waiting(read), 1},
			"read, present":      {present(read), 1},
			"line, waiting":      {waiting(line), 1},
			"line, present":      {present(line), 1},
			"exactly, waiting":   {waiting(exactly), 1},
		} {
			if n := testing.AllocsPerRun(200, c.f); n > c.most {
				s.Errorf("%s: %v allocations, at most %v wanted", name, n, c.most)
			}
		}
	})
}

// TestAllocationsOverConnection counts what a message costs from end to end.
func TestAllocationsOverConnection(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("pools forget under the race detector")
	}
	play(t, nil, func(s *stage) {
		client, server := s.conns()
		echoing := s.start(func(context.Context) error {
			room := make([]byte, 4096)
			for {
				n, err := server.Read(room)
				if err != nil {
					return nil
				}
				if _, err := server.Write(room[:n]); err != nil {
					return err
				}
			}
		})
		message, room := make([]byte, 64), make([]byte, 4096)
		n := testing.AllocsPerRun(200, func() {
			_, err := client.Write(message)
			s.check(err)
			_, err = client.Read(room)
			s.check(err)
		})
		if n > 0 {
			s.Errorf("%v allocations for a message there and back", n)
		}
		s.check(client.Close())
		_, err := echoing.Await(s.ctx)
		s.check(err)
	})
}

// TestConnectionSize: what there is of each connection is allocated from the runtime's classes of
// 240 and 32 bytes; one more byte costs 16.
func TestConnectionSize(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(connection{}); size > 240 {
		t.Errorf("a connection has %d bytes", size)
	}
	if size := unsafe.Sizeof(StreamReader{}); size > 32 {
		t.Errorf("a reader, with its writer, has %d bytes", size)
	}
}

func TestBuffer(t *testing.T) {
	t.Parallel()
	t.Run("empty-keeps-nothing", func(t *testing.T) {
		t.Parallel()
		var b buffer
		for _, n := range []int{1, smallestPiece, smallestPiece + 1, 100_000, 1 << 20} {
			b.write(make([]byte, n))
			if got := len(b.mem.room); got < n {
				t.Errorf("room for %d of %d bytes", got, n)
			}
			b.discard(b.len())
			if b.mem != nil || b.off != 0 || b.end != 0 {
				t.Errorf("after %d bytes it keeps %+v", n, b)
			}
		}
	})
	t.Run("bounded-while-in-use", func(t *testing.T) {
		t.Parallel()
		// A byte always stays, so the memory is never given back; it must not
		// grow with what goes through.
		var b buffer
		b.write([]byte("x"))
		piece := make([]byte, 300)
		changed := 0
		for range 10_000 {
			mem := b.mem
			b.write(piece)
			b.discard(len(piece))
			if b.mem != mem {
				changed++
			}
		}
		if got := len(b.mem.room); got > 4*smallestPiece || changed > 1 {
			t.Errorf("%d bytes of room for %d; it changed %d times", got, b.len(), changed)
		}
	})
}

// BenchmarkReader is what a line costs that has to be waited for.
func BenchmarkReader(b *testing.B) {
	loop, err := asyncio.NewSelectorEventLoop(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer loop.Close()
	data := []byte("a line of some length, as people write them\n")
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		r, err := NewStreamReader()
		if err != nil {
			return struct{}{}, err
		}
		feed := func() { _ = r.FeedData(data) }
		b.ReportAllocs()
		for b.Loop() {
			if _, err := loop.CallSoon(feed); err != nil {
				return struct{}{}, err
			}
			if _, err := r.ReadLine(ctx); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err := loop.RunUntilComplete(task); err != nil {
		b.Fatal(err)
	}
}

// sparse is how much more a connection's places in tables take where handles are not next to
// each other.
func sparse() int {
	if runtime.GOOS == "windows" {
		return 100
	}
	return 0
}

// TestIdleConnections is not parallel: it counts all that the process holds. What a connection
// costs that waits for its first byte, and that has had one, is bounded here: a page of stack
// more, or an object, would show.
func TestIdleConnections(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("everything is larger under the race detector")
	}
	const conns = 96 // as many as a listener's backlog holds
	play(t, nil, func(s *stage) {
		served := 0
		server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			defer w.Close()
			for served++; ; served++ {
				p, err := r.Next(ctx)
				if err != nil {
					return nil
				}
				if _, err := w.Write(p); err != nil {
					return err
				}
				if err := w.Drain(ctx); err != nil {
					return err
				}
			}
		})
		_, first := s.open(addr) // with it the loop has what it needs once
		s.until("it to be served", func() bool { return served == 1 })
		served = 0
		clients := make([]net.Conn, conns)
		for i := range clients {
			c, err := net.Dial("tcp", addr) // nobody accepts while the loop is here
			s.must(err)
			defer c.Close()
			clients[i] = c
		}
		before := heldMemory()
		s.until("all to be served", func() bool { return served == conns })
		idle := heldMemory()
		for _, c := range clients {
			_, err := c.Write([]byte("x"))
			s.must(err)
		}
		s.until("all to be answered", func() bool { return served == 2*conns })
		used := heldMemory()
		for name, c := range map[string]struct{ held, most memoryHeld }{
			"idle": {idle.since(before, conns), memoryHeld{1800 + sparse(), suspendedStack}},
			"used": {used.since(before, conns), memoryHeld{2400 + sparse(), suspendedStack}},
		} {
			s.Logf("%s: %+v", name, c.held)
			if c.held.heap > c.most.heap || c.held.stacks > c.most.stacks {
				s.Errorf("%s: a connection holds %+v bytes, at most %+v are wanted", name, c.held, c.most)
			}
		}
		server.Close()
		s.check(first.Close())
		for _, c := range clients {
			s.check(c.Close())
		}
		s.check(server.WaitClosed(s.ctx))
	})
}

// memoryHeld is what the process has in use.
type memoryHeld struct{ heap, stacks int }

func heldMemory() memoryHeld {
	var m runtime.MemStats
	for range 3 { // what pools have is gone with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return memoryHeld{int(m.HeapAlloc), int(m.StackInuse)}
}

func (m memoryHeld) since(before memoryHeld, n int) memoryHeld {
	return memoryHeld{(m.heap - before.heap) / n, (m.stacks - before.stacks) / n}
}

// TestPiecesAtHand: of no size are more bytes kept at hand than is said.
func TestPiecesAtHand(t *testing.T) {
	t.Parallel()
	size := smallestPiece
	for range pieceSizes {
		var k rack
		for range 2 * atHand {
			k.put(&memory{room: make([]byte, size)})
		}
		if want := min(atHand, atHandBytes/size); k.n != want {
			t.Errorf("%d pieces of %d bytes are at hand, %d are to be", k.n, size, want)
		}
		size *= 4
	}
}
