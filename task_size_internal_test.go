package asyncio

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestTaskSize: a task is allocated whole, from the runtime's class of 288 bytes; one
// more byte costs 32. A future's class has 80.
func TestTaskSize(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(Task[int]{}); size > 288 {
		t.Errorf("a Task[int] has %d bytes", size)
	}
	if size := unsafe.Sizeof(Future[int]{}); size > 80 {
		t.Errorf("a Future[int] has %d bytes", size)
	}
	if size := unsafe.Sizeof(taskCallback[int]{}); size > 80 {
		t.Errorf("a callback for the end of a task has %d bytes", size)
	}
	if size := unsafe.Sizeof(coro.Coro{}); size > 64 {
		t.Errorf("a coroutine, which is a strand of its loop's, has %d bytes", size)
	}
}

// TestCoroutineStack is not parallel: it counts the stacks of the whole process. A coroutine
// that waits has no more than what every goroutine begins with: 2 KiB, of which the
// runtime leaves some 1,100 bytes to those who use it, but on Windows.
func TestCoroutineStack(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("the race detector makes frames larger")
	}
	const tasks = 400
	loop, err := NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	stacks := func() int {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.StackInuse)
	}
	var mu sync.Mutex
	var queue Waiters
	err = loop.RunUntilComplete(CreateTaskErr(loop, func(ctx context.Context) error {
		before := stacks()
		for range tasks {
			GoErr(ctx, func(ctx context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				_, err := queue.Wait(ctx, loop, &mu)
				return err
			})
		}
		if err := Yield(ctx); err != nil {
			return err
		}
		if each := (stacks() - before) / tasks; each > testkit.FirstStack*3/2 {
			t.Errorf("a coroutine that waits has a stack of %d bytes", each)
		}
		mu.Lock()
		all := queue.WakeAll(nil)
		mu.Unlock()
		all.Do()
		return Yield(ctx)
	}))
	if err != nil {
		t.Error(err)
	}
}

func farAway() {}

// TestCodeRef: a function is found again by where its code is.
func TestCodeRef(t *testing.T) {
	t.Parallel()
	for _, pc := range []uintptr{funcCode(farAway), funcCode(TestCodeRef), codeHome + 1, 0} {
		if got := refTo(pc).code(); got != pc {
			t.Errorf("%#x is found again at %#x", pc, got)
		}
	}
	if unsafe.Sizeof(codeHome) == 8 {
		if far := refTo(uintptr(uint64(codeHome) + 1<<40)); far != 0 {
			t.Errorf("what is too far away is %d", far)
		}
	}
}
