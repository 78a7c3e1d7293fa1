package asyncio

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/identity"
)

// goroutineID tells who is calling. A goroutine's identity stands for Python's thread
// identity.
func goroutineID() int64 { return identity.Get() }

// mainGoroutine is the identity of the goroutine that runs main.
const mainGoroutine = identity.Main

// slowIdentity is told once a process, by the first loop that is made.
var slowIdentity sync.Once

// tellSlowIdentity says so if finding out who calls takes long on this system.
func tellSlowIdentity(log *slog.Logger, quick bool, once *sync.Once) {
	if quick {
		return
	}
	once.Do(func() {
		log.Info("goroutines are told apart by the runtime's text on this system: "+
			"every call of a loop's methods and every wait takes about a microsecond longer",
			"system", runtime.GOOS+"/"+runtime.GOARCH, "go", runtime.Version())
	})
}

// strand is one goroutine that runs code of a loop: the loop's body or one of
// its coroutines. While such a goroutine executes anything, it is because the
// loop runs it, so knowing the strand is knowing the running loop.
type strand struct {
	id   int64
	loop *baseLoop
	task *taskBase // the task that a coroutine runs now; nil in the loop's body
}

// strands maps goroutines to strands: open addressing over a table that readers
// see whole. Identities are never used twice, so a slot is written once per
// table, and a reader needs no lock.
var strands strandTable

type strandTable struct {
	table atomic.Pointer[strandSlots]
	mu    sync.Mutex
	live  int
	used  int // slots that hold a strand or a tombstone
}

type strandSlots struct {
	mask  uint64
	slots []strandSlot
}

type strandSlot struct {
	id     atomic.Int64 // 0: free
	strand atomic.Pointer[strand]
}

// lookup returns the strand of a goroutine, nil if it is no loop's.
func (t *strandTable) lookup(id int64) *strand {
	s := t.table.Load()
	if s == nil {
		return nil
	}
	for i := uint64(id); ; i++ {
		switch slot := &s.slots[i&s.mask]; slot.id.Load() {
		case id:
			return slot.strand.Load()
		case 0:
			return nil
		}
	}
}

func (t *strandTable) add(s *strand) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live++
	if cur := t.table.Load(); cur == nil || (t.used+1)*4 > len(cur.slots)*3 {
		t.rebuild()
	}
	t.put(t.table.Load(), s)
}

// put fills a free slot: the strand first, so that whoever sees the identity
// sees the strand.
func (t *strandTable) put(to *strandSlots, s *strand) {
	i := uint64(s.id) & to.mask
	for to.slots[i].id.Load() != 0 {
		i = (i + 1) & to.mask
	}
	to.slots[i].strand.Store(s)
	to.slots[i].id.Store(s.id)
	t.used++
}

// rebuild moves the live strands to a table that is at most half full.
func (t *strandTable) rebuild() {
	size := 64
	for size < t.live*2 {
		size *= 2
	}
	next := &strandSlots{mask: uint64(size - 1), slots: make([]strandSlot, size)}
	old := t.table.Load()
	t.used = 0
	if old != nil {
		for i := range old.slots {
			if s := old.slots[i].strand.Load(); s != nil {
				t.put(next, s)
			}
		}
	}
	t.table.Store(next)
}

func (t *strandTable) remove(s *strand) {
	t.mu.Lock()
	defer t.mu.Unlock()
	cur := t.table.Load()
	for i := uint64(s.id) & cur.mask; cur.slots[i].id.Load() != 0; i = (i + 1) & cur.mask {
		if cur.slots[i].id.Load() == s.id {
			cur.slots[i].strand.Store(nil) // the identity stays: a tombstone
			t.live--
			return
		}
	}
}

// currentStrand returns the strand of the calling goroutine, nil outside loops.
func currentStrand() *strand { return strands.lookup(goroutineID()) }

// currentTask returns the task whose coroutine the caller is, and whether the
// caller is in a loop at all. The context that the task gave its function is
// only a hint: if it is the caller's own, no table need be searched.
func currentTask(ctx context.Context) (t *taskBase, inLoop bool) {
	id := goroutineID()
	if t = taskOf(ctx, id); t != nil {
		return t, true
	}
	if s := strands.lookup(id); s != nil {
		return s.task, true
	}
	return nil, false
}

// taskOf returns the task whose own context this is, if the goroutine is that
// task's coroutine.
func taskOf(ctx context.Context, id int64) *taskBase {
	if s, ok := ctx.(*scope); ok && s.task.coID.Load() == id {
		return s.task
	}
	return nil
}

// contextID identifies the calling goroutine as a policy's context. Code of a
// loop counts as the goroutine that runs the loop, as Python's would.
func contextID() int64 {
	id := goroutineID()
	if s := strands.lookup(id); s != nil {
		if r := s.loop.runner.Load(); r != 0 {
			return r
		}
	}
	return id
}
