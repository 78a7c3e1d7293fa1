package golden_test

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// witness is the part of a protocol that prints what it hears of.
type witness struct {
	stage  *stage
	name   string
	on     map[string]func() // what it does then, by the event
	events int
	waits  []waitFor
}

// waitFor is somebody who waits for so many events.
type waitFor struct {
	n      int
	waiter *asyncio.Future[any]
}

func (s *stage) witness(name string) witness {
	return witness{stage: s, name: name, on: map[string]func(){}}
}

// heard is called for each event, the words of which are printed.
func (w *witness) heard(event string, words ...any) {
	w.stage.out(append([]any{w.name, event}, words...)...)
	w.events++
	for _, wait := range w.waits {
		if wait.n <= w.events && !wait.waiter.Done() {
			w.stage.must(wait.waiter.SetResult(nil))
		}
	}
	if f := w.on[event]; f != nil {
		f()
	}
}

// until waits until it has heard of n events, the first of which is that it is made.
func (w *witness) until(ctx context.Context, n int) {
	if w.events >= n {
		return
	}
	waiter := w.stage.future()
	w.waits = append(w.waits, waitFor{n, waiter})
	_, err := waiter.Await(ctx)
	w.stage.must(err)
}
