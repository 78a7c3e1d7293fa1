package goroutine

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/petermattis/goid"
)

// Main is the identity of the goroutine that runs main.
const Main = 1

// Quick says that ID takes the quick form.
//
// The quick form, of package goid, reads the runtime's own record in 2 ns, at an offset that
// depends on the Go release. It exists on some processors only, is compared once with the
// text form that the runtime prints, and is not used where the two differ. The slow form reads
// that text: about a microsecond, and nothing allocated. The tag slowidentity makes the slow
// form the only one, for tests.
var Quick = quickExists && agree(goid.Get, slow)

// agree compares the two forms on this goroutine and on a fresh one.
func agree(quick, slow func() int64) bool {
	if quick() != slow() {
		return false
	}
	same := make(chan bool)
	go func() { same <- quick() == slow() }()
	return <-same
}

// ID returns the identity of the calling goroutine: positive, and never used twice.
func ID() int64 {
	if Quick {
		return goid.Get()
	}
	return slow()
}

// QuickID is ID in the quick form, right only if Quick is true: for who asks so often that
// the call of ID counts, which is not inlined.
func QuickID() int64 { return goid.Get() }

// texts are buffers for the runtime's text, which would be allocated otherwise.
var texts = sync.Pool{New: func() any { return new([64]byte) }}

// slow reads "goroutine 123 [running]:".
func slow() int64 {
	buf := texts.Get().(*[64]byte)
	text := buf[:runtime.Stack(buf[:], false)]
	id := parse(text)
	if id == 0 {
		panic("asyncio: this Go release prints goroutine identities in an unknown form: " + string(text))
	}
	texts.Put(buf)
	return id
}

// parse returns 0 for a text of another form.
func parse(text []byte) (id int64) {
	digits, ok := bytes.CutPrefix(text, []byte("goroutine "))
	if !ok {
		return 0
	}
	for _, c := range digits {
		if c == ' ' {
			return id
		}
		if c < '0' || c > '9' {
			return 0
		}
		id = id*10 + int64(c-'0')
	}
	return 0
}
