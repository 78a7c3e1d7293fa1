package asyncio

import (
	"testing"
	"unsafe"
)

// TestTaskSize: a task is allocated whole, from the runtime's class of 320 bytes; one
// more byte costs 32. A future's class has 80.
func TestTaskSize(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(Task[int]{}); size > 320 {
		t.Errorf("a Task[int] has %d bytes", size)
	}
	if size := unsafe.Sizeof(Future[int]{}); size > 80 {
		t.Errorf("a Future[int] has %d bytes", size)
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
