// Package bench measures the loop's primitives beside Go's own. See README.md.
package bench

import (
	"testing"

	"github.com/go-asyncio/asyncio"
)

// newLoop gives a selector loop over the system's best selector, closed when the benchmark ends.
func newLoop(b *testing.B) asyncio.EventLoop {
	b.Helper()
	loop, err := asyncio.NewSelectorEventLoop(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := loop.Close(); err != nil {
			b.Error(err)
		}
	})
	return loop
}

// drive calls begin as the first callback of the loop and runs the loop until something stops it.
func drive(b *testing.B, loop asyncio.EventLoop, begin func()) {
	b.Helper()
	if _, err := loop.CallSoon(begin); err != nil {
		b.Fatal(err)
	}
	if err := loop.RunForever(); err != nil {
		b.Fatal(err)
	}
}

// must stops the benchmark's loop with a panic, which the loop would log and go on from: so it
// also marks the benchmark as failed.
func must(b *testing.B, err error) {
	if err != nil {
		b.Error(err)
		panic(err)
	}
}
