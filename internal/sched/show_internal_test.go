package sched

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// brief is an engine whose waits take a while and bring nothing; what is said at each poll
// is told, too.
type brief struct {
	still
	each func()
}

func (b brief) Poll(timeout time.Duration) ([]engine.Event, error) {
	if timeout != 0 {
		time.Sleep(100 * time.Microsecond) // of a bubble's time
	}
	b.each()
	return nil, nil
}

// standing is a clock that somebody has given.
type standing struct{}

func (standing) Now() time.Duration { return time.Hour }

// TestShow: a loop whose waits are short shows itself to Go's scheduler in time, and not in each
// of them; one with a clock of its own never looks at it for that.
func TestShow(t *testing.T) {
	t.Parallel()
	shown := func(t *testing.T, given Clock) (times []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			l, polls := &Loop{}, 0
			l.Init(brief{each: func() {
				if n := len(times); n == 0 || times[n-1] != l.shown {
					times = append(times, l.shown)
				}
				if polls++; polls == 1000 {
					l.Stop()
				}
			}}, silent{}, given)
			r, _ := l.Begin()
			if err := r.Wait(); err != nil {
				t.Error(err)
			}
			if _, err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return times
	}
	t.Run("system's clock", func(t *testing.T) {
		t.Parallel()
		times := shown(t, nil)
		if len(times) < 10 {
			t.Errorf("shown at %v", times)
		}
		for i, at := range times[1:] {
			if d := at - times[i]; d < showTime || d > 2*showTime {
				t.Errorf("shown %v after the time before", d)
			}
		}
	})
	t.Run("given", func(t *testing.T) {
		t.Parallel()
		if times := shown(t, standing{}); len(times) != 1 {
			t.Errorf("shown at %v", times)
		}
	})
}
