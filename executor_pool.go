package asyncio

import (
	"runtime"
	"slices"
	"sync"
)

// PoolExecutor runs functions on at most a given number of goroutines; what is
// more waits in the order in which it came. (ThreadPoolExecutor)
type PoolExecutor struct {
	workers int

	mu      sync.Mutex
	running int
	queue   []work
	shut    bool
	idle    chan struct{} // closed when shut and nothing runs
}

// NewPoolExecutor makes an executor with at most this many goroutines; 0 and
// less means as many as asyncio would take: four more than there are processors,
// at most 32.
func NewPoolExecutor(workers int) *PoolExecutor {
	if workers <= 0 {
		workers = min(32, runtime.NumCPU()+4)
	}
	return &PoolExecutor{workers: workers, idle: make(chan struct{})}
}

// work is what an executor's goroutine does.
type work interface{ run() }

type submitted func()

func (f submitted) run() { f() }

// Submit runs f on a goroutine of the pool. ErrExecutorShutdown after Shutdown.
func (p *PoolExecutor) Submit(f func()) error { return p.submit(submitted(f)) }

func (p *PoolExecutor) submit(w work) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return opError("Submit", ErrExecutorShutdown)
	}
	if p.running == p.workers {
		p.queue = append(p.queue, w)
		return nil
	}
	p.running++
	go p.work(w)
	return nil
}

// withdraw takes back what has not begun, if it is still there, which it reports.
func (p *PoolExecutor) withdraw(w work) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, w)
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(p.queue, i, i+1)
	return true
}

// work does w and then what waits. A Goexit in it ends the goroutine; another one
// goes on.
func (p *PoolExecutor) work(w work) {
	defer func() {
		if next := p.next(); next != nil {
			go p.work(next)
		}
	}()
	for w != nil {
		w.run()
		w = p.queued()
	}
}

// queued takes the next piece of work, if there is one.
func (p *PoolExecutor) queued() work {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.take()
}

func (p *PoolExecutor) take() work {
	if len(p.queue) == 0 {
		return nil
	}
	w := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return w
}

// next is queued for a goroutine that is about to end: with nothing left, it is
// no longer counted. Both under one lock, for else what is queued in between
// would wait for a goroutine that has gone.
func (p *PoolExecutor) next() work {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.take(); w != nil {
		return w
	}
	p.running--
	if p.shut && p.running == 0 {
		close(p.idle)
	}
	return nil
}

// Shutdown refuses new work. The channel is closed when what was accepted has
// run. Any goroutine may call it.
func (p *PoolExecutor) Shutdown() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shut {
		p.shut = true
		if p.running == 0 {
			close(p.idle)
		}
	}
	return p.idle
}
