package asyncio_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// countingLoop is a loop of one's own: one of this package's, of which it overrides a part.
type countingLoop struct {
	*asyncio.SelectorEventLoop
	callbacks int
}

// newCountingLoop makes one. The inner loop is told of the outer one.
func newCountingLoop() (*countingLoop, error) {
	l := &countingLoop{}
	inner, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithSelf(l))
	l.SelectorEventLoop = inner
	return l, err
}

// CallSoon counts the callbacks that come by it.
func (l *countingLoop) CallSoon(f func()) (asyncio.Handle, error) {
	l.callbacks++
	return l.SelectorEventLoop.CallSoon(f)
}

// ExampleWithSelf has code on the loop find the outer loop, and its override.
func ExampleWithSelf() {
	loop, err := newCountingLoop()
	if err != nil {
		log.Fatal(err)
	}
	factory := func() (asyncio.EventLoop, error) { return loop, nil }
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		running, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		before := loop.callbacks
		if _, err := running.CallSoon(func() {}); err != nil {
			return err
		}
		fmt.Println(running == asyncio.EventLoop(loop), loop.callbacks-before)
		return nil
	}, asyncio.WithLoopFactory(factory))
	if err != nil {
		log.Fatal(err)
	}
	// Output: true 1
}
