package goroutine

import (
	"strings"
	"testing"
)

// TestStacks: a goroutine that waits is found by its identity, with its state.
func TestStacks(t *testing.T) {
	t.Parallel()
	ids, end := make(chan int64), make(chan struct{})
	defer close(end)
	go waitHere(ids, end)
	id := <-ids
	for {
		stack := Stack(id)
		if !strings.Contains(stack, ".waitHere(") {
			t.Fatalf("the stack of %d: %q", id, stack)
		}
		got, state, ok := Head([]byte(stack))
		if !ok || got != id {
			t.Fatalf("the head of %q: %d %v", stack, got, ok)
		}
		if strings.HasPrefix(string(state), "chan receive") {
			return
		}
	}
}

func waitHere(ids chan<- int64, end <-chan struct{}) {
	ids <- ID()
	<-end
}

func TestStackOfNobody(t *testing.T) {
	t.Parallel()
	if stack := Stack(1 << 62); stack != "" {
		t.Errorf("the stack of no goroutine: %q", stack)
	}
	for _, text := range []string{"", "goroutine 5", "goroutine x [running]:", "thread 5 [running]:"} {
		if id, _, ok := Head([]byte(text)); ok {
			t.Errorf("%q is the head of %d", text, id)
		}
	}
}

// TestTrace: where something was made is its maker's maker, if one frame is left out.
func TestTrace(t *testing.T) {
	t.Parallel()
	var names []string
	for f := range makeTrace(1).Frames() {
		names = append(names, f.Function)
	}
	if len(names) < 2 || !strings.HasSuffix(names[0], ".TestTrace") {
		t.Errorf("frames: %v", names)
	}
	for f := range makeTrace(0).Frames() {
		if !strings.HasSuffix(f.Function, ".makeTrace") {
			t.Errorf("the first frame is %s", f.Function)
		}
		break
	}
	for f := range (*Trace)(nil).Frames() {
		t.Errorf("no trace has the frame %v", f)
	}
}

func makeTrace(skip int) *Trace { return NewTrace(skip) }
