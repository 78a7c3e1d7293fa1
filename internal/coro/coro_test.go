package coro

import (
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"
)

type workFunc func(*Coro)

func (f workFunc) Run(c *Coro) { f(c) }

func TestReuse(t *testing.T) {
	var p Pool
	var steps []string
	w := workFunc(func(c *Coro) {
		steps = append(steps, "a")
		c.Suspend()
		steps = append(steps, "b")
	})
	c := p.Get(w)
	if s := c.Resume(); s != Suspended {
		t.Fatalf("first resume: %v", s)
	}
	if s := c.Resume(); s != Done {
		t.Fatalf("second resume: %v", s)
	}
	if p.Idle() != 1 {
		t.Fatalf("idle = %d, want 1", p.Idle())
	}
	if d := p.Get(w); d != c {
		t.Error("the finished coroutine was not reused")
	} else {
		d.Resume()
		d.Resume()
	}
	if got := strings.Join(steps, ""); got != "abab" {
		t.Errorf("steps %q", got)
	}
	p.Close()
	if p.Idle() != 0 {
		t.Error("idle coroutines left after Close")
	}
}

func TestGoexitStaysInside(t *testing.T) {
	var p Pool
	ran := false
	c := p.Get(workFunc(func(c *Coro) {
		defer func() { ran = true }()
		c.Suspend()
		runtime.Goexit()
	}))
	c.Resume()
	if s := c.Resume(); s != Exited || !ran {
		t.Fatalf("status %v, deferred ran %v", s, ran)
	}
	if p.Idle() != 0 {
		t.Error("a coroutine that is gone went back to the pool")
	}
}

func TestPanic(t *testing.T) {
	var p Pool
	c := p.Get(workFunc(func(c *Coro) { panic("boom") }))
	if s := c.Resume(); s != Panicked {
		t.Fatalf("status %v", s)
	}
	v, stack := c.Panic()
	if v != "boom" || !strings.Contains(string(stack), "TestPanic") {
		t.Errorf("panic %v, stack %s", v, stack)
	}
}

func TestUnwind(t *testing.T) {
	before := runtime.NumGoroutine()
	tests := map[string]func(c *Coro, log *int){
		"plain": func(c *Coro, log *int) {
			defer func() { *log++ }()
			c.Suspend()
		},
		"recovers and retries": func(c *Coro, log *int) {
			defer func() { *log++ }()
			for {
				func() {
					defer func() { _ = recover() }()
					if !c.Unwinding() {
						c.Suspend()
					}
				}()
			}
		},
		"retries in a deferred function": func(c *Coro, log *int) {
			defer func() { *log++ }()
			defer func() {
				for {
					if !c.Unwinding() {
						c.Suspend()
					}
				}
			}()
			c.Suspend()
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			var p Pool
			ended := 0
			c := p.Get(workFunc(func(c *Coro) { f(c, &ended) }))
			if s := c.Resume(); s != Suspended {
				t.Fatalf("resume: %v", s)
			}
			if s := c.Unwind(); s != Exited {
				t.Fatalf("unwind: %v", s)
			}
			if ended != 1 {
				t.Errorf("deferred functions ran %d times", ended)
			}
		})
	}
	// The runtime takes a while to count out a goroutine that has ended.
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) { // the runtime ends goroutines in its own time
		if runtime.NumGoroutine() <= before {
			return
		}
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func BenchmarkSwitch(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		next, stop := iter.Pull(func(y func(struct{}) bool) {
			for y(struct{}{}) {
			}
		})
		defer stop()
		for b.Loop() {
			next()
		}
	})
	b.Run("coro", func(b *testing.B) {
		var p Pool
		c := p.Get(workFunc(func(c *Coro) {
			for {
				c.Suspend()
			}
		}))
		for b.Loop() {
			c.Resume()
		}
		c.Unwind()
	})
	b.Run("pooled", func(b *testing.B) {
		var p Pool
		w := workFunc(func(*Coro) {})
		b.ReportAllocs()
		for b.Loop() {
			p.Get(w).Resume()
		}
	})
}
