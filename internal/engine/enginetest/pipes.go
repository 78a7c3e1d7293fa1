package enginetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestPipes runs the part of the suite that is about pipes: what holds of a Stream, of one
// that goes one way, and what is a pipe's own. open makes a fresh engine each time, pipe a
// pipe whose ends are fit for it and the caller's.
func TestPipes(t *testing.T, open func() (engine.Engine, error), pipe func() (r, w uintptr, err error)) {
	for _, c := range []testCase{
		{"WriteVec", testWriteVec},
		{"OwnReadBuffer", testOwnReadBuffer},
		{"ReadBufferRefused", testReadBufferRefused},
		{"ReadBufferInVain", testReadBufferInVain},
		{"StopReadingKeepsData", testStopReadingKeepsData},
		{"StopInReceived", testStopInReceived},
		{"Pending", testPending},
		{"EOFAgainAfterStart", testEOFAgainAfterStart},
		{"Backlog", testBacklog},
		{"SmallBacklog", testSmallBacklog},
		{"SendFromSent", testSendFromSent},
		{"StopSending", testStopSending},
		{"CloseInReceived", testCloseInReceived},
		{"CloseBetweenPollAndComplete", testCloseBetweenPollAndComplete},
		{"EndAfterData", testPipeEndAfterData},
		{"ClosedTwice", testPipeClosedTwice},
		{"CloseWriteUnsupported", testPipeCloseWrite},
		{"Panic", testPipePanic},
		{"WhoseDoing", testWhoseDoing},
		{"WhoseDoingDuplex", testWhoseDoingDuplex},
		{"ReaderGoes", testPipeReaderGoes},
		{"ReaderGoesWhileSending", testPipeReaderGoesWhileSending},
		{"ReaderGoneFailsSend", testPipeReaderGoneFailsSend},
		{"ReaderGoneUnwatched", testPipeReaderGoneUnwatched},
		{"ReaderGoneTwice", testPipeReaderGoneTwice},
		{"OwnedTwice", testPipeOwnedTwice},
		{"Refused", testPipeRefused},
		{"EngineCloses", testPipeEngineCloses},
		{"Many", testManyPipes},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newBench(t, open, pipe))
		})
	}
}

// pipePeers makes a pipe, and the two ends of it peers: what is written, whose reader is
// watched, and what is read.
func (b *bench) pipePeers() (writer, reader *peer) {
	b.Helper()
	r, w, err := b.pipe()
	b.must(err)
	writer, reader = b.pipeEnd(w, engine.Write), b.pipeEnd(r, engine.Read)
	b.must(writer.s.StartReading())
	b.must(reader.s.StartReading())
	return writer, reader
}

// pipeEnd makes a descriptor an end of a pipe.
func (b *bench) pipeEnd(fd uintptr, dir engine.Mask) *peer {
	b.Helper()
	p := &peer{b: b}
	s, err := b.e.Pipe(fd, dir, p)
	b.must(err)
	p.s = s
	b.cleanup = append(b.cleanup, p.close)
	return p
}

// testPipeEndAfterData: the end comes once, after all that was written before it.
func testPipeEndAfterData(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	for _, n := range []int{1, 64, 5000} {
		want := pattern(n)
		reader.got = nil
		writer.put(want)
		b.until("the data", func() bool { return len(reader.got) >= n })
		if !bytes.Equal(reader.got, want) {
			t.Fatalf("%d bytes came wrong", n)
		}
	}
	reader.got = nil
	writer.say("the last words")
	writer.close()
	b.until("the end", func() bool { return reader.eof == 1 })
	b.quiet()
	if string(reader.got) != "the last words" || reader.eof != 1 || reader.readErr != nil {
		t.Errorf("got %q, %d ends, error %v", reader.got, reader.eof, reader.readErr)
	}
	if writer.s.FD() == reader.s.FD() {
		t.Error("two pipes of one descriptor")
	}
}

// testPipeClosedTwice: a closed pipe refuses everything but to be closed.
func testPipeClosedTwice(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	for _, p := range []*peer{writer, reader} {
		p.close()
		b.must(p.s.Close())
		if err := p.s.StartReading(); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("StartReading of a closed pipe: %v", err)
		}
		p.s.StopReading()
		p.s.StopSending()
	}
	if _, _, err := writer.s.Write([]byte("x")); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Write to a closed pipe: %v", err)
	}
	if _, err := writer.s.WriteVec([][]byte{[]byte("x")}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("WriteVec to a closed pipe: %v", err)
	}
	if err := writer.s.Send(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Send of a closed pipe: %v", err)
	}
	b.quiet()
}

func testPipeCloseWrite(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	if err := writer.s.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("CloseWrite: %v", err)
	}
	writer.say("still there")
	b.until("what is written after it", func() bool { return string(reader.got) == "still there" })
}

// testPipePanic: the engine is in order whatever a handler does.
func testPipePanic(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	reader.on = func([]byte) { panic(onPurpose) }
	writer.onSent = func() { panic(onPurpose) }
	for i := range 3 {
		writer.out = []byte("x")
		writer.send()
		b.until("a byte", func() bool { return len(reader.got) == i+1 && len(writer.sent) == i+1 })
	}
	b.quiet()
}

// testPipeReaderGoes: whoever writes hears of it once, while nothing is written.
func testPipeReaderGoes(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	writer.say("heard")
	b.until("what was written", func() bool { return string(reader.got) == "heard" })
	b.quiet()
	if writer.eof != 0 {
		t.Fatal("the reader is said to have gone while it was there")
	}
	reader.close()
	b.until("word of it", func() bool { return writer.eof == 1 })
	b.quiet()
	if writer.eof != 1 || writer.received != 0 || writer.readErr != nil {
		t.Errorf("told %d times, %d times of data, error %v", writer.eof, writer.received, writer.readErr)
	}
}

// testPipeReaderGoesWhileSending: it is told as well when something is on the way, which
// then fails or is withdrawn.
func testPipeReaderGoesWhileSending(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	reader.s.StopReading()
	writer.stuff()
	reader.close()
	b.until("word of it", func() bool { return writer.eof == 1 || writer.sendErr != nil })
	writer.s.StopSending()
	writer.sending = false
	b.quiet()
}

// testPipeReaderGoneFailsSend: without a look at who reads, a Send fails, and the program
// goes on.
func testPipeReaderGoneFailsSend(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	writer.s.StopReading()
	reader.close()
	b.quiet()
	writer.out = pattern(1000)
	writer.send()
	b.until("a failure", func() bool { return !writer.sending })
	if !sock.Disconnected(writer.sendErr) {
		t.Errorf("Sent %v, %v", writer.sent, writer.sendErr)
	}
	if writer.eof != 0 {
		t.Error("told of the reader though it is not watched")
	}
}

// testPipeReaderGoneUnwatched: what goes while nobody looks is told when somebody does.
func testPipeReaderGoneUnwatched(t *testing.T, b *bench) {
	r, w, err := b.pipe()
	b.must(err)
	writer := b.pipeEnd(w, engine.Write)
	b.must(b.e.Sockets().Close(r))
	b.quiet()
	if writer.eof != 0 {
		t.Fatal("told before StartReading")
	}
	b.must(writer.s.StartReading())
	b.until("word of it", func() bool { return writer.eof == 1 })
}

// testPipeReaderGoneTwice: asked again, it is told again.
func testPipeReaderGoneTwice(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	reader.close()
	b.until("word of it", func() bool { return writer.eof == 1 })
	b.must(writer.s.StartReading())
	b.until("word of it again", func() bool { return writer.eof == 2 })
}

func testPipeOwnedTwice(t *testing.T, b *bench) {
	writer, _ := b.pipePeers()
	fd := writer.s.FD()
	var used *engine.UsedError
	if _, err := b.e.Pipe(fd, engine.Write, &peer{b: b}); !errors.As(err, &used) || used.By != any(writer) {
		t.Errorf("a second pipe of the descriptor: %v", err)
	}
	if err := b.e.Watch(fd, engine.Write, nil); !errors.As(err, &used) || used.By != any(writer) {
		t.Errorf("a watch of the descriptor: %v", err)
	}
}

// testPipeRefused: what is no pipe, or not in this direction, is said to be none, and stays
// its owner's.
func testPipeRefused(t *testing.T, b *bench) {
	r, w, err := b.pipe()
	b.must(err)
	s := b.e.Sockets()
	datagrams, err := s.Open(sock.Inet4, sock.Datagram)
	b.must(err)
	wants := func(name string, fd uintptr, dir engine.Mask) {
		t.Helper()
		kind := (*engine.KindError)(nil)
		if _, err := b.e.Pipe(fd, dir, &peer{b: b}); !errors.As(err, &kind) || kind.FD != fd {
			t.Errorf("%s: %v", name, err)
		}
	}
	wants("a socket of datagrams", datagrams, engine.Read)
	if _, writes, _ := sock.Access(r); !writes { // as some systems' pipes are open both ways
		wants("the read end, to be written", r, engine.Write)
		wants("the write end, to be read", w, engine.Read)
	}
	for _, fd := range []uintptr{r, w, datagrams} {
		b.must(s.Close(fd))
	}
	if _, err := b.e.Pipe(sock.Invalid, engine.Write, &peer{b: b}); err == nil {
		t.Error("no descriptor is made a pipe")
	}
}

// testPipeEngineCloses: what is open then is closed without a word, and a closed engine
// makes no pipe.
func testPipeEngineCloses(t *testing.T, b *bench) {
	writer, reader := b.pipePeers()
	r, w, err := b.pipe()
	b.must(err)
	b.must(b.e.Close())
	if writer.eof+reader.eof != 0 {
		t.Error("told of an end")
	}
	if _, err := b.e.Pipe(r, engine.Read, &peer{b: b}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a pipe of a closed engine: %v", err)
	}
	for _, fd := range []uintptr{r, w} {
		b.must(b.e.Sockets().Close(fd))
	}
}

// testManyPipes: each byte goes its way among many.
func testManyPipes(t *testing.T, b *bench) {
	const n = 40
	var writers, readers []*peer
	for range n {
		w, r := b.pipePeers()
		writers, readers = append(writers, w), append(readers, r)
	}
	for i, w := range writers {
		w.put(pattern(100 + i))
	}
	b.until("all of it", func() bool {
		return !slices.ContainsFunc(readers, func(r *peer) bool { return len(r.got) < 100+slices.Index(readers, r) })
	})
	for i, r := range readers {
		if !bytes.Equal(r.got, pattern(100+i)) {
			t.Errorf("pipe %d has wrong data", i)
		}
	}
}
