//go:build unix && !aix

package selectors_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/selectors/selectortest"
	"golang.org/x/sys/unix"
)

// BenchmarkSelect: one file is ready, of 1 and of 1000; by a call that does
// not wait and by one that may.
func BenchmarkSelect(b *testing.B) {
	for _, info := range selectors.Available() {
		if !info.Works {
			continue
		}
		for _, files := range []int{1, 1000} {
			for name, timeout := range map[string]time.Duration{"poll": 0, "wait": selectors.Forever} {
				b.Run(fmt.Sprintf("%s/files=%d/%s", info.Name, files, name), func(b *testing.B) {
					benchmarkSelect(b, info.New, files, timeout)
				})
			}
		}
	}
}

func benchmarkSelect(b *testing.B, open opener, files int, timeout time.Duration) {
	s, err := open()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	x, y := selectortest.Pair(b)
	idle, _ := selectortest.Pair(b)
	y.Send(b, "x")
	if _, err := s.Register(x, selectors.EventRead, nil); err != nil {
		b.Fatal(err)
	}
	for range files - 1 {
		// Duplicates, so that a thousand are below select's limit.
		fd, err := unix.FcntlInt(idle.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := s.Register(fd, selectors.EventRead, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if ready, err := s.Select(timeout); len(ready) != 1 || err != nil {
			b.Fatal(len(ready), err)
		}
	}
}

// BenchmarkRegister: a file comes, is changed and goes.
func BenchmarkRegister(b *testing.B) {
	for _, info := range selectors.Available() {
		if !info.Works {
			continue
		}
		b.Run(info.Name, func(b *testing.B) {
			s, err := info.New()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			x, _ := selectortest.Pair(b)
			b.ReportAllocs()
			for b.Loop() {
				key, err := s.Register(x, selectors.EventRead, nil)
				if err != nil {
					b.Fatal(err)
				}
				if key, err = s.Modify(key, selectors.EventWrite, nil); err != nil {
					b.Fatal(err)
				}
				if _, err = s.Unregister(key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
