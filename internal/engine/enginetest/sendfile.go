package enginetest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// sendfileCases are about files that are sent.
var sendfileCases = []testCase{
	{"Sendfile", testSendfile},
	{"SendfileStopped", testSendfileStopped},
	{"SendfileFails", testSendfileFails},
	{"SendfilePeerGone", testSendfilePeerGone},
	{"SendfileClose", testSendfileClose},
}

// transfer is a file that a peer sends, piece after piece.
type transfer struct {
	p      *peer
	f      *os.File
	file   engine.File
	offset int64
	left   int64
	told   []int // what Sent has said
	err    error
	over   bool
}

// file makes a file of these bytes.
func (b *bench) file(data []byte) *os.File {
	b.Helper()
	path := filepath.Join(folder.New(b), "file")
	b.must(os.WriteFile(path, data, 0o600))
	f, err := os.Open(path)
	b.must(err)
	b.Cleanup(func() { f.Close() })
	return f
}

// transfers begins to send a file, from offset on and at most left bytes, after all that
// was put.
func (p *peer) transfers(f *os.File, offset, left int64) *transfer {
	p.b.Helper()
	file, err := f.SyscallConn()
	p.b.must(err)
	p.settle()
	x := &transfer{p: p, f: f, file: file, offset: offset, left: left}
	p.onSent = x.sent
	x.next()
	return x
}

func (x *transfer) next() {
	x.p.sending = true
	x.p.out = make([]byte, min(x.left, engine.MostOfFile)) // what Sent may take
	x.p.b.must(x.p.s.Sendfile(x.file, x.offset, x.left))
}

func (x *transfer) sent() {
	n := x.p.sent[len(x.p.sent)-1]
	x.p.out = nil
	x.told = append(x.told, n)
	x.offset += int64(n)
	x.left -= int64(n)
	x.err = x.p.sendErr
	if x.over = n == 0 || x.left == 0; !x.over {
		x.next()
	}
}

// total is how much went.
func (x *transfer) total() (n int) {
	for _, k := range x.told {
		n += k
	}
	return n
}

// ends waits for the end. It reports false if the engine sends no files, which then has
// done no harm.
func (x *transfer) ends(client *peer) bool {
	b := x.p.b
	b.Helper()
	b.until("the end of the file", func() bool { return x.over })
	if errors.Is(x.err, errors.ErrUnsupported) {
		before := len(client.got)
		x.p.onSent, x.p.sendErr = nil, nil
		x.p.say("goes on")
		b.until("what was put after it", func() bool { return len(client.got) == before+len("goes on") })
		return false
	}
	return true
}

// testSendfile: a part of a file, with what was put before and after it, in order, and no
// more in a pass than the contract says; asked for too much, it ends with the file.
func testSendfile(t *testing.T, b *bench) {
	client, server := b.peers()
	data := pattern(engine.MostOfFile + 1<<20 + 7)
	f := b.file(data)
	for _, left := range []int64{1 << 40, 100} {
		server.got = nil
		client.put([]byte("before "))
		x := client.transfers(f, 1000, left)
		if !x.ends(server) {
			return
		}
		b.must(x.err)
		want := data[1000:]
		if left == 100 {
			want = want[:100]
		}
		want = bytes.Join([][]byte{[]byte("before "), want, []byte(" after")}, nil)
		client.onSent = nil
		client.say(" after")
		b.until("all of it", func() bool { return len(server.got) >= len(want) })
		if !bytes.Equal(server.got, want) {
			t.Fatalf("%d bytes came out wrong", len(server.got))
		}
		for _, n := range x.told {
			if n > engine.MostOfFile {
				t.Errorf("%d bytes in one pass", n)
			}
		}
		if left > 100 && x.told[len(x.told)-1] != 0 {
			t.Errorf("the end of the file is told by %d", x.told[len(x.told)-1])
		}
	}
	if at, err := f.Seek(0, 1); at != 0 || err != nil {
		t.Errorf("the file is at %d, %v", at, err)
	}
}

// testSendfileStopped: what is withdrawn sends nothing more, also if the system was ready
// for it already, and what was told is what went.
func testSendfileStopped(t *testing.T, b *bench) {
	client, server := b.peers()
	server.s.StopReading()
	data := pattern(64 << 20)
	x := client.transfers(b.file(data), 0, int64(len(data)))
	b.quiet()
	if x.over {
		b.must(server.s.StartReading())
		if x.ends(server) {
			t.Fatal("64 MiB went to a peer that does not read")
		}
		return
	}
	calls := len(x.told)
	b.between = func() {
		client.s.StopSending()
		client.sending, client.out, client.onSent = false, nil, nil
	}
	b.must(server.s.StartReading())
	b.until("an event", func() bool { return b.between == nil })
	client.say("the end")
	want := append(data[:x.total():x.total()], "the end"...)
	b.until("all of it", func() bool { return len(server.got) >= len(want) })
	b.quiet()
	if !bytes.Equal(server.got, want) || len(x.told) != calls {
		t.Errorf("%d bytes came, want %d; told %d times, want %d", len(server.got), len(want), len(x.told), calls)
	}
	x = client.transfers(x.f, 5, 5)
	b.until("the rest", func() bool { return x.over })
	b.until("the rest", func() bool { return len(server.got) == len(want)+5 })
}

// testSendfileFails: a file that is closed, or is none, is an error, and the stream goes
// on.
func testSendfileFails(t *testing.T, b *bench) {
	client, server := b.peers()
	closed := b.file([]byte("closed"))
	file, err := closed.SyscallConn()
	b.must(err)
	b.must(closed.Close())
	x := &transfer{p: client, file: file, left: 10}
	client.onSent = x.sent
	x.next()
	b.until("an error", func() bool { return x.over })
	if !errors.Is(x.err, os.ErrClosed) {
		t.Errorf("a closed file: %v", x.err)
	}
	client.onSent, client.sendErr = nil, nil
	dir, err := os.Open(folder.New(t))
	b.must(err)
	defer dir.Close()
	x = client.transfers(dir, 0, 10)
	b.until("an error", func() bool { return x.over })
	if x.err == nil {
		t.Error("a folder is sent")
	}
	client.onSent, client.sendErr = nil, nil
	client.say("goes on")
	b.until("what was put after it", func() bool { return string(server.got) == "goes on" })
}

// testSendfilePeerGone: the end of the connection is the transfer's.
func testSendfilePeerGone(t *testing.T, b *bench) {
	client, server := b.peers()
	client.s.StopReading()
	server.put([]byte("never read"))
	b.quiet()
	server.s.StopReading()
	data := pattern(64 << 20)
	x := client.transfers(b.file(data), 0, int64(len(data)))
	b.quiet()
	server.close()
	b.until("the end", func() bool { return x.over })
	if x.err == nil {
		t.Error("the peer has gone, and all is sent")
	}
}

// testSendfileClose: nothing is told after Close, wherever the transfer is.
func testSendfileClose(t *testing.T, b *bench) {
	data := pattern(8 << 20)
	for passes := range 6 {
		client, server := b.peers()
		server.s.StopReading()
		x := client.transfers(b.file(data), 0, int64(len(data)))
		for range passes {
			b.pass(0)
		}
		client.close()
		b.quiet()
		if x.over && x.err == nil {
			t.Fatal("8 MiB went to a peer that does not read")
		}
		if err := client.s.Sendfile(x.file, 0, 1); err == nil {
			t.Error("Sendfile of a closed stream succeeds")
		}
	}
}
