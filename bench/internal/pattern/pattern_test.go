package pattern

import (
	"bytes"
	"testing"
)

func TestStreamIsTheSameHoweverItIsCut(t *testing.T) {
	t.Parallel()
	p := New()
	const length = 3 * period
	for _, conn := range []int{0, 1, 7, 65520} {
		whole := make([]byte, 0, length)
		for len(whole) < length {
			whole = append(whole, p.At(conn, uint64(len(whole)), 1)...)
		}
		for _, size := range []int{64, 1000, 16384, MaxChunk} {
			for offset := 0; offset+size <= length; offset += size {
				if !bytes.Equal(p.At(conn, uint64(offset), size), whole[offset:offset+size]) {
					t.Fatalf("connection %d: bytes at %d differ when cut by %d", conn, offset, size)
				}
			}
		}
	}
}

func TestEveryAlteredByteIsFound(t *testing.T) {
	t.Parallel()
	p := New()
	message := bytes.Clone(p.At(3, 640, 64))
	if at := p.Mismatch(3, 640, message); at != -1 {
		t.Fatalf("an intact message is said to differ at %d", at)
	}
	for i := range message {
		message[i] ^= 1
		if at := p.Mismatch(3, 640, message); at != i {
			t.Fatalf("byte %d altered, reported %d", i, at)
		}
		message[i] ^= 1
	}
}

func TestStreamsOfConnectionsAndOffsetsDiffer(t *testing.T) {
	t.Parallel()
	p := New()
	seen := make(map[string]int)
	for conn := range 20_000 {
		head := string(p.At(conn, 0, 16))
		if other, ok := seen[head]; ok {
			t.Fatalf("connections %d and %d send the same bytes", other, conn)
		}
		seen[head] = conn
	}
	if p.Mismatch(5, 64, p.At(5, 0, 64)) == -1 {
		t.Fatal("a message repeated one message later is not noticed")
	}
}
