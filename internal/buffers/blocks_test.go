package buffers

import (
	"runtime"
	"sync"
	"testing"
)

// TestBlocks: a block is filled again only when its filler and all who keep a part have let go,
// whoever is the last; no more are spare than the limit says.
func TestBlocks(t *testing.T) {
	t.Parallel()
	s := NewBlocks(100)
	s.Limit(2)
	b := s.Take()
	one, two := b.Keep(), b.Keep()
	one.Release()
	one.Release() // does nothing
	if b.Leave() {
		t.Error("a block is to be filled again though a part is kept")
	}
	next := s.Take()
	if next == b {
		t.Error("taken though a part is kept")
	}
	if two.Release(); two.Held() {
		t.Error("held after its release")
	}
	if again := s.Take(); again != b {
		t.Error("the last release did not make it a spare one")
	}
	if !next.Leave() {
		t.Error("a block of which nothing is kept must be left")
	}
	kept := next.Keep()
	kept.Release()
	if !next.Leave() {
		t.Error("a block of which nothing is kept any more must be left")
	}
	var all []Kept
	for range 5 {
		b := s.Take()
		all = append(all, b.Keep())
		b.Leave()
	}
	for i := range all {
		all[i].Release()
	}
	if len(s.spare) != 2 {
		t.Errorf("%d blocks are spare, 2 are to be", len(s.spare))
	}
	if s.Limit(1); len(s.spare) != 1 {
		t.Errorf("%d blocks are spare, 1 is to be", len(s.spare))
	}
}

// TestBlocksByMany: what one fills and others release, wherever they do, is nobody else's
// meanwhile; what is never released is collected, and filled by nobody.
func TestBlocksByMany(t *testing.T) {
	t.Parallel()
	type part struct {
		mem  []byte
		want byte
		kept Kept
	}
	s := NewBlocks(64)
	s.Limit(4)
	parts := make(chan part, 16)
	var readers sync.WaitGroup
	var mu sync.Mutex
	var lost []part
	for range 3 {
		readers.Go(func() {
			for p := range parts {
				for _, c := range p.mem {
					if c != p.want {
						t.Errorf("%d in a part of %ds", c, p.want)
						break
					}
				}
				if p.want%50 == 0 {
					mu.Lock()
					lost = append(lost, p)
					mu.Unlock()
					continue
				}
				p.kept.Release()
			}
		})
	}
	b := s.Take()
	for i := range 2000 {
		at := i % 4 * 16
		mem := b.Room[at : at+16 : at+16]
		for j := range mem {
			mem[j] = byte(i)
		}
		parts <- part{mem, byte(i), b.Keep()}
		if at == 48 && !b.Leave() {
			b = s.Take()
		}
	}
	close(parts)
	readers.Wait()
	runtime.GC()
	for _, p := range lost {
		if p.mem[0] != p.want || p.mem[15] != p.want {
			t.Fatalf("what was never released has changed from %d to %d", p.want, p.mem[0])
		}
	}
}
