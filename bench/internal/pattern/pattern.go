// Package pattern is an endless stream of bytes per connection that costs nothing to make or to
// check: every connection reads the same pseudo-random circle from a place of its own, so a byte
// that is lost, doubled, altered or sent to the wrong connection does not fit where it arrives.
package pattern

import (
	"bytes"
	"math/rand/v2"
)

// period is prime, so that no message size ever lines up with it.
const period = 65521

// stride sets neighbouring connections far apart on the circle; being coprime to period it gives
// period connections different places.
const stride = 24593

// MaxChunk is the longest slice that At can return.
const MaxChunk = 1 << 16

// Pattern is the circle. It is read-only after New, so that any goroutine may use it.
type Pattern struct{ circle []byte }

// New makes the circle; every Pattern is the same.
func New() *Pattern {
	random := rand.NewChaCha8([32]byte{'e', 'c', 'h', 'o'})
	circle := make([]byte, period+MaxChunk)
	_, _ = random.Read(circle[:period]) // ChaCha8.Read never fails
	for n := period; n < len(circle); {
		n += copy(circle[n:], circle[:period])
	}
	return &Pattern{circle}
}

// At is the n bytes of a connection's stream from offset on; n is at most MaxChunk. The slice is
// shared: it must not be written to.
func (p *Pattern) At(conn int, offset uint64, n int) []byte {
	start := (uint64(conn)*stride + offset) % period
	return p.circle[start : start+uint64(n)]
}

// Mismatch is the index of the first byte of got that is not the connection's stream from offset
// on, or -1 if all are. got is at most MaxChunk long.
func (p *Pattern) Mismatch(conn int, offset uint64, got []byte) int {
	want := p.At(conn, offset, len(got))
	if bytes.Equal(got, want) {
		return -1
	}
	for i := range got {
		if got[i] != want[i] {
			return i
		}
	}
	return -1
}
