package enginetest

import (
	"bytes"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
)

func pattern(n int) []byte {
	p := make([]byte, n)
	x := uint32(1)
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return p
}

func testEcho(t *testing.T, b *bench) {
	client, server := b.peers()
	server.on = func(p []byte) { server.put(p) }
	for _, n := range []int{1, 64, 4096, 300_000} {
		want := pattern(n)
		client.got = nil
		client.put(want)
		b.until("the echo", func() bool { return len(client.got) >= n })
		if !bytes.Equal(client.got, want) {
			t.Fatalf("%d bytes came back wrong", n)
		}
	}
	if client.s.FD() == server.s.FD() {
		t.Error("two streams of one descriptor")
	}
}

func testWriteVec(t *testing.T, b *bench) {
	client, server := b.peers()
	n, err := client.s.WriteVec([][]byte{[]byte("one "), nil, []byte("two "), []byte("three")})
	b.must(err)
	if n < len("one two three") {
		client.put([]byte("one two three")[n:])
	}
	b.until("the pieces", func() bool { return len(server.got) == len("one two three") })
	if string(server.got) != "one two three" {
		t.Errorf("got %q", server.got)
	}
}

func testOwnReadBuffer(t *testing.T, b *bench) {
	client, server := b.peers()
	mine := make([]byte, 100)
	asked := 0
	server.lends(func() []byte { asked++; return mine })
	server.on = func(p []byte) {
		if &p[0] != &mine[0] {
			t.Error("Received brings other memory than what was lent")
		}
	}
	want := pattern(950)
	client.put(want)
	b.until("the data", func() bool { return len(server.got) == len(want) })
	if !bytes.Equal(server.got, want) {
		t.Error("wrong data")
	}
	if asked < 10 {
		t.Errorf("asked for memory %d times, want at least 10", asked)
	}
	server.lends(nil)
	server.on = nil
	asked = 0
	client.put(want)
	b.until("more data", func() bool { return len(server.got) == 2*len(want) })
	if asked != 0 {
		t.Errorf("asked for memory %d times though the engine's own is to be used", asked)
	}
}

// testReadBufferInVain: a handler that is asked for memory and has none for now, but wants to
// go on receiving, is asked again, and nothing is lost; with Direct's UseMemory it has the
// engine's meanwhile, and may lend the next time.
func testReadBufferInVain(t *testing.T, b *bench) {
	client, server := b.peers()
	asked, mine := 0, make([]byte, 100)
	server.lends(func() []byte {
		if asked++; asked%3 != 0 {
			return nil
		}
		return mine
	})
	want := pattern(950)
	client.put(want)
	b.until("the data", func() bool { return len(server.got) == len(want) })
	if !bytes.Equal(server.got, want) {
		t.Error("wrong data")
	}
	direct, ok := server.s.(engine.Direct)
	if !ok {
		return // an engine over completions has received before it could ask
	}
	server.lends(nil)
	direct.UseMemory(true)
	others := 0
	asked, server.lend, server.may = 0, func() []byte {
		if asked++; asked%2 == 0 {
			return nil
		}
		return mine
	}, true
	server.on = func(p []byte) {
		if &p[0] != &mine[0] {
			others++
		}
	}
	for i := range 4 {
		client.put(want[:100])
		b.until("more data", func() bool { return len(server.got) == len(want)+100*(i+1) })
	}
	if others == 0 || asked <= others {
		t.Errorf("asked %d times, and the engine's own memory used %d times", asked, others)
	}
	direct.UseMemory(false)
	asked = 0
	client.put(want[:100])
	b.until("the last data", func() bool { return len(server.got) == len(want)+500 })
	if asked != 0 {
		t.Error("asked for memory though the engine's own is to be used")
	}
}

func testReadBufferRefused(t *testing.T, b *bench) {
	client, server := b.peers()
	server.lends(func() []byte { server.s.StopReading(); return nil })
	client.put([]byte("x"))
	b.quiet()
	if server.received != 0 {
		t.Fatal("received although the handler had stopped reading")
	}
	server.lends(func() []byte { server.close(); return nil })
	b.must(server.s.StartReading())
	b.until("the refusal", func() bool { return server.closed })
	b.quiet()
}

func testStopReadingKeepsData(t *testing.T, b *bench) {
	client, server := b.peers()
	server.s.StopReading()
	server.s.StopReading()
	want := pattern(5000)
	client.put(want)
	b.quiet()
	if len(server.got) != 0 {
		t.Fatal("received while stopped")
	}
	b.must(server.s.StartReading())
	b.must(server.s.StartReading())
	b.until("the data", func() bool { return len(server.got) == len(want) })
	if !bytes.Equal(server.got, want) {
		t.Error("wrong data")
	}
}

func testStopInReceived(t *testing.T, b *bench) {
	client, server := b.peers()
	server.lends(func() []byte { return make([]byte, 10) })
	server.on = func([]byte) { server.s.StopReading() }
	client.put(pattern(30))
	for want := 10; want <= 30; want += 10 {
		b.until("a part", func() bool { return len(server.got) == want })
		b.quiet()
		if len(server.got) != want {
			t.Fatalf("received %d bytes, want %d", len(server.got), want)
		}
		b.must(server.s.StartReading())
	}
}

func testHalfClose(t *testing.T, b *bench) {
	client, server := b.peers()
	client.put([]byte("question"))
	client.settle()
	b.must(client.s.CloseWrite())
	b.until("the end", func() bool { return server.eof == 1 })
	if string(server.got) != "question" {
		t.Errorf("got %q before the end", server.got)
	}
	server.put([]byte("answer"))
	b.until("the answer", func() bool { return string(client.got) == "answer" })
	server.settle() // before an orderly Close
	server.close()
	b.until("the other end", func() bool { return client.eof == 1 })
	b.quiet()
	if client.eof != 1 || server.eof != 1 {
		t.Error("an end was told of twice")
	}
}

// testPending: what Write has taken goes by itself, and a Send tells when it went,
// also if it was asked for in the same pass, with nothing to send of its own.
func testPending(t *testing.T, b *bench) {
	client, server := b.peers()
	for i := range 20 {
		client.put([]byte{byte(i)})
		if i%2 == 0 {
			client.settle()
			if client.s.Pending() || client.sending {
				t.Fatal("something is pending after Sent")
			}
		}
		b.until("the byte", func() bool { return len(server.got) == i+1 })
	}
	b.until("nothing to be pending", func() bool { return !client.s.Pending() })
	for i, c := range server.got {
		if c != byte(i) {
			t.Fatalf("byte %d is %d", i, c)
		}
	}
}

// testSmallBacklog: small pieces that do not go any more come back, and all go later,
// in order.
func testSmallBacklog(t *testing.T, b *bench) {
	client, server := b.peers()
	server.s.StopReading()
	piece := pattern(3001)
	sent := 0
	for turn := 0; len(client.out) == 0; turn++ {
		if sent > 256<<20 {
			t.Fatal("256 MiB went to a peer that does not read")
		}
		for range 1 + turn%30 {
			client.put(piece)
			sent += len(piece)
		}
		b.pass(0)
	}
	for range 10 {
		client.put(piece)
		sent += len(piece)
		b.pass(0)
	}
	matched := 0
	server.on = func(p []byte) {
		for _, c := range p {
			if c != piece[matched%len(piece)] {
				t.Fatalf("byte %d is wrong", matched)
			}
			matched++
		}
		server.got = server.got[:0]
	}
	b.must(server.s.StartReading())
	b.until("all of it", func() bool { return matched == sent })
	client.settle()
	if client.sending || len(client.out) != 0 {
		t.Error("the sender does not know that all is sent")
	}
}

func testEOFAgainAfterStart(t *testing.T, b *bench) {
	client, server := b.peers()
	client.close()
	b.until("the end", func() bool { return server.eof == 1 })
	b.must(server.s.StartReading())
	b.until("the end again", func() bool { return server.eof == 2 })
}

// testBacklog: what does not go at once goes later, in order.
func testBacklog(t *testing.T, b *bench) {
	client, server := b.peers()
	server.s.StopReading()
	want := client.stuff()
	b.must(server.s.StartReading())
	b.until("all of it", func() bool { return len(server.got) == len(want) })
	if !bytes.Equal(server.got, want) {
		t.Error("wrong data")
	}
	if client.sending || len(client.out) != 0 {
		t.Error("the sender does not know that all is sent")
	}
}

// testSendFromSent: a Send out of Sent is a new one, and one without is the end.
func testSendFromSent(t *testing.T, b *bench) {
	client, server := b.peers()
	rounds := 0
	client.onSent = func() {
		if rounds++; rounds < 50 {
			client.out = append(client.out, byte(rounds))
			client.send()
		}
	}
	client.out = []byte{0}
	client.send()
	b.until("the last", func() bool { return len(server.got) == 50 })
	b.quiet()
	for i, c := range server.got {
		if c != byte(i) {
			t.Fatalf("byte %d is %d", i, c)
		}
	}
	if rounds != 50 {
		t.Errorf("Sent %d times, want 50", rounds)
	}
}

// testStopSending: nothing is asked or told any more, not even of an event that
// Poll has found.
func testStopSending(t *testing.T, b *bench) {
	client, server := b.peers()
	client.s.StopSending()
	server.s.StopReading()
	client.stuff()
	calls := len(client.sent)
	b.between = func() { client.s.StopSending() }
	b.must(server.s.StartReading())
	b.until("an event", func() bool { return b.between == nil })
	b.quiet()
	if len(client.sent) != calls {
		t.Error("Sent after StopSending")
	}
}

func testCloseInReceived(t *testing.T, b *bench) {
	client, server := b.peers()
	server.lends(func() []byte { return make([]byte, 1) })
	server.on = func([]byte) { server.close() }
	client.put([]byte("xyz"))
	b.until("the first byte", func() bool { return server.closed })
	b.quiet()
	if server.received != 1 {
		t.Errorf("%d calls of Received, want 1", server.received)
	}
}

// testCloseBetweenPollAndComplete: what Poll has found is void when the stream
// is closed before it is told.
func testCloseBetweenPollAndComplete(t *testing.T, b *bench) {
	client, server := b.peers()
	client.put([]byte("x"))
	b.between = server.close
	b.until("an event", func() bool { return server.closed })
	b.quiet()
	if server.received != 0 {
		t.Error("received after Close")
	}
}

func testCloseTwice(t *testing.T, b *bench) {
	client, server := b.peers()
	server.close()
	b.must(server.s.Close())
	if err := server.s.StartReading(); err == nil {
		t.Error("StartReading of a closed stream succeeds")
	}
	if _, _, err := server.s.Write([]byte("x")); err == nil {
		t.Error("Write to a closed stream succeeds")
	}
	if err := server.s.Send(); err == nil {
		t.Error("Send of a closed stream succeeds")
	}
	server.s.StopReading()
	b.until("the end", func() bool { return client.eof+len(client.got) == 1 || client.readErr != nil })
}

func testPeerGoneFailsSend(t *testing.T, b *bench) {
	client, server := b.peers()
	server.put([]byte("never read"))
	client.s.StopReading()
	b.quiet()
	client.close() // with data unread: a reset
	failed := false
	server.onSent = func() {
		failed = server.sendErr != nil
		if !failed {
			server.out = pattern(1000)
			server.send()
		}
	}
	server.s.StopReading()
	server.out = pattern(1000)
	server.send()
	b.until("a failure", func() bool { return failed })
	b.quiet()
}

// testPanicInHandler: the engine is in order whatever a handler does.
func testPanicInHandler(t *testing.T, b *bench) {
	client, server := b.peers()
	server.on = func([]byte) { panic(onPurpose) }
	for i := range 3 {
		client.put([]byte("x"))
		b.until("a byte", func() bool { return len(server.got) == i+1 })
	}
	server.onSent = func() { panic(onPurpose) }
	for i := range 3 {
		server.out = []byte("y")
		server.send()
		b.until("a byte back", func() bool { return len(client.got) == i+1 })
	}
	b.quiet()
	if len(server.sent) != 3 {
		t.Errorf("Sent %d times, want 3", len(server.sent))
	}
}

func testManyConnections(t *testing.T, b *bench) {
	const n = 60
	clients, servers := make([]*peer, n), make([]*peer, n)
	for i := range n {
		clients[i], servers[i] = b.peers()
		s := servers[i]
		s.on = func(p []byte) { s.put(p) }
	}
	for i, c := range clients {
		c.put(pattern(100 + i))
	}
	b.until("all echoes", func() bool {
		for i, c := range clients {
			if len(c.got) < 100+i {
				return false
			}
		}
		return true
	})
	for i, c := range clients {
		if !bytes.Equal(c.got, pattern(100+i)) {
			t.Errorf("connection %d got wrong data", i)
		}
	}
}
