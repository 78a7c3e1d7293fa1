//go:build unix

package bench

import (
	"context"
	"os/exec"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/subprocess"
)

// programsAtOnce is how many short programs run at a time.
const programsAtOnce = 50

// Short programs, 50 at a time, on one loop; beside it, os/exec on 50 goroutines. What each
// costs the system is the same.
func BenchmarkSubprocess(b *testing.B) {
	path, err := exec.LookPath("true")
	must(b, err)
	b.Run("asyncio", func(b *testing.B) {
		b.ReportAllocs()
		loop := newLoop(b)
		left := b.N
		one := func(ctx context.Context) (int, error) {
			for left > 0 {
				left-- // now, so that those that wait meanwhile do not run it as well
				p, err := subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.DevNull, Stdout: subprocess.DevNull, Stderr: subprocess.DevNull}, path)
				if err != nil {
					return 0, err
				}
				if _, err := p.Wait(ctx); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}
		b.ResetTimer()
		must(b, loop.RunUntilComplete(asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			all := make([]func(context.Context) (int, error), programsAtOnce)
			for i := range all {
				all[i] = one
			}
			_, err := asyncio.Gather(ctx, all...)
			return 0, err
		})))
	})
	b.Run("os-exec", func(b *testing.B) {
		b.ReportAllocs()
		var all sync.WaitGroup
		slots := make(chan struct{}, programsAtOnce)
		b.ResetTimer()
		for range b.N {
			slots <- struct{}{}
			all.Go(func() {
				if err := exec.Command(path).Run(); err != nil {
					b.Error(err)
				}
				<-slots
			})
		}
		all.Wait()
	})
}
