package buffers

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
)

// TestInvariants: where invariants are checked, a broken one ends the program.
func TestInvariants(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"a queue holds as many bytes as its chunks do": func() {
			q := new(Pool).Take()
			q.size = 1
			q.Append([]byte("abc"))
		},
		"each chunk of a queue holds something": func() {
			q := new(Pool).Take()
			q.Append([]byte("abc"))
			q.head.r = 3
			q.check()
		},
		"a chunk is given back once, when it is empty": func() {
			var p Pool
			q := p.Take()
			q.Append([]byte("abc"))
			p.putChunk(q.head)
		},
	})
}
