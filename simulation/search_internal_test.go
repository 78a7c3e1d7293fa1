package simulation

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// ticking is a world in which some hosts do something until a drawn time.
func ticking(w *World) {
	for _, name := range []string{"a", "b", "c"} {
		w.Host(name).Start(func(ctx context.Context) error {
			for range 5 {
				if err := asyncio.Sleep(ctx, time.Duration(w.Rand().IntN(10))*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := w.Run(); err != nil {
		w.Errorf("%v", err)
	}
}

// TestSearchWithoutProcesses: where no process can be started, the search is in this one.
func TestSearchWithoutProcesses(t *testing.T) {
	s := &searching{
		t: t, program: "/there/is/none", mode: Even, first: 1, seeds: 100, parallel: 2, end: time.Now().Add(time.Hour),
		f: func(w *World) {
			if ticking(w); w.Seed() >= 23 {
				w.Errorf("too high")
			}
		},
	}
	found, err := s.search()
	if err != nil || found == nil || found.Seed != 23 || !strings.Contains(found.Message, "too high") {
		t.Fatalf("%+v, %v", found, err)
	}
	again, err := s.again(23, "", folder.New(t), "none")
	if err != nil || again == nil || again.Page == "" || again.Sum != found.Sum {
		t.Errorf("once more: %+v, %v", again, err)
	}
	if again, err := s.again(22, "", "", ""); again != nil || err != nil {
		t.Errorf("a seed that does not fail: %+v, %v", again, err)
	}
}

// TestTrialIsTest: a run of a search goes as that of Test does, which repeats it.
func TestTrialIsTest(t *testing.T) {
	for _, mode := range []string{Even, Priorities, Swarm} {
		for seed := range uint64(10) {
			var sums []uint64
			f := func(w *World) {
				ticking(w)
				sums = append(sums, w.Hash())
			}
			opts := []Option{WithSeed(seed), WithMode(mode)}
			Test(t, f, opts...)
			(&trial{seed: seed, f: f, opts: opts}).run(t)
			if len(sums) != 2 || sums[0] != sums[1] {
				t.Errorf("mode %s, seed %d: fingerprints %x", mode, seed, sums)
			}
		}
	}
}

// TestSearchLimits: what flags say goes before what the program does, and a time before the
// usual number.
func TestSearchLimits(t *testing.T) {
	was := flags
	defer func() { flags = was }()
	const many = math.MaxInt
	for _, c := range []struct {
		program  searchConfig
		flags    searchFlags
		seeds    int
		duration time.Duration // 0: none
	}{
		{searchConfig{}, searchFlags{}, usualSeeds, 0},
		{searchConfig{seeds: 7}, searchFlags{}, 7, 0},
		{searchConfig{duration: time.Minute}, searchFlags{}, many, time.Minute},
		{searchConfig{seeds: 7, duration: time.Minute}, searchFlags{}, 7, time.Minute},
		{searchConfig{seeds: 7}, searchFlags{seeds: 9}, 9, 0},
		{searchConfig{seeds: 7}, searchFlags{duration: time.Second}, many, time.Second},
		{searchConfig{duration: time.Minute}, searchFlags{duration: time.Second, seeds: 9}, 9, time.Second},
	} {
		flags = c.flags
		s := searching{t: t, seeds: usualSeeds}
		before := time.Now()
		s.limits(c.program)
		after := time.Now()
		if s.seeds != c.seeds {
			t.Errorf("%+v: %d seeds, want %d", c, s.seeds, c.seeds)
		}
		if timed := c.duration > 0; !s.cut && timed && (s.end.Before(before.Add(c.duration)) || s.end.After(after.Add(c.duration))) {
			t.Errorf("%+v: ends after %v", c, s.end.Sub(before))
		}
		if deadline, limited := t.Deadline(); limited && !s.end.Before(deadline) {
			t.Errorf("%+v: it goes on after the test's deadline", c)
		}
	}
}
