package mailbox_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio/internal/mailbox"
)

// BenchmarkPut is the time per Put, from producers that have nothing else to do, with a
// consumer that takes what is there, yields when nothing is, and sleeps on a channel if nothing
// comes. Producers begin each round together, so that the consumer is never far behind; a
// round is long enough for them to run at the same time.
func BenchmarkPut(b *testing.B) {
	const round = 1 << 17
	for _, producers := range []int{1, 4} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			wake := make(chan struct{}, 1)
			box := mailbox.New[*int](func() { wake <- struct{}{} })
			starts := make([]chan struct{}, producers)
			var wg sync.WaitGroup
			for p := range starts {
				start := make(chan struct{}, 1)
				starts[p] = start
				wg.Go(func() {
					v := new(int)
					for range start {
						for range round / producers {
							box.Put(v)
						}
					}
				})
			}
			buf := make([]*int, 0, round)
			for range 2 { // the box's two slices grow
				for range round {
					box.Put(nil)
				}
				buf = box.Take(buf[:0])
			}
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += round {
				for _, start := range starts {
					start <- struct{}{}
				}
				for taken := 0; taken < round; taken += len(buf) {
					await(box, wake)
					buf = box.Take(buf[:0])
				}
			}
			b.StopTimer()
			for _, start := range starts {
				close(start)
			}
			wg.Wait()
		})
	}
}

// await returns when something is in the box.
func await(box *mailbox.Box[*int], wake <-chan struct{}) {
	for range 8 {
		if !box.Empty() {
			return
		}
		runtime.Gosched()
	}
	if box.Sleep() {
		<-wake
		box.Awake()
	}
}
