package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// searching is a search under way, in the process that was asked for it.
type searching struct {
	t        *testing.T
	f        func(w *World) // for where no process can be started
	opts     []Option
	program  string // the test's own
	mode     string
	first    uint64
	seeds    int
	end      time.Time
	cut      bool // the end is that of the test's deadline
	parallel int
	serial   sync.Mutex // of jobs in this process

	mu      sync.Mutex
	next    int // of the seeds, the first that nobody tries yet
	tried   int
	chunk   int // how many seeds the next process gets
	found   *jobNews
	err     error
	running map[uint64]context.CancelFunc // processes, by their first seeds
}

// The least and the most that a process is to take, roughly: starting one costs some
// hundredths of a second.
const (
	shortJob = 500 * time.Millisecond
	longJob  = 2 * time.Second
)

// search tries seeds until one fails, nil if none does.
func (s *searching) search() (*jobNews, error) {
	s.chunk = 4
	s.running = map[uint64]context.CancelFunc{}
	var workers sync.WaitGroup
	for range s.parallel {
		workers.Go(func() {
			for s.step() {
			}
		})
	}
	workers.Wait()
	return s.found, s.err
}

// step tries the next few seeds, in a process of its own, and reports whether there are more.
func (s *searching) step() bool {
	s.mu.Lock()
	count := min(s.chunk, s.seeds-s.next)
	if s.found != nil || s.err != nil || count <= 0 || !time.Now().Before(s.end) {
		s.mu.Unlock()
		return false
	}
	j := job{Test: s.t.Name(), First: s.first + uint64(s.next), Count: uint64(count)}
	s.next += count
	ctx, cancel := context.WithDeadline(context.Background(), s.end)
	s.running[j.First] = cancel
	s.mu.Unlock()

	began := time.Now()
	news, err := s.process(ctx, j)
	took := time.Since(began)

	s.mu.Lock()
	defer s.mu.Unlock()
	stopped := ctx.Err() != nil
	cancel()
	delete(s.running, j.First)
	switch {
	case stopped: // what it says then is that it was
		return false
	case err != nil:
		s.err = err
		return false
	case news == nil:
		s.tried += count
		switch {
		case count == s.chunk && took < shortJob:
			s.chunk = min(2*s.chunk, 1<<16)
		case took > longJob:
			s.chunk = max(s.chunk/2, 1)
		}
		return true
	}
	if s.found == nil || news.Seed < s.found.Seed {
		s.found = news
	}
	for first, stop := range s.running { // those below may still find a lower one
		if first > s.found.Seed {
			stop()
		}
	}
	return false
}

// process has a process of the test's program do a job. It returns what failed, nil if nothing
// did.
func (s *searching) process(ctx context.Context, j job) (*jobNews, error) {
	told, err := os.CreateTemp("", "simulation-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(told.Name())
	if err := told.Close(); err != nil {
		return nil, err
	}
	j.Told = told.Name()
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.program, childArgs(j.Test)...)
	// One processor is enough where one thing goes on at a time, and quicker than several.
	// The race detector would have each process wait for a second at its end.
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text), "GOMAXPROCS=1", "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=10")
	cmd.WaitDelay = 10 * time.Second
	out := tail{limit: 64 << 10}
	cmd.Stdout, cmd.Stderr = &out, &out
	if err = cmd.Start(); err == nil {
		err = cmd.Wait()
	} else { // as under an emulator, or where a system has none
		err = s.here(j)
	}
	news, any := readNews(j.Told)
	switch {
	case !any:
		return nil, fmt.Errorf("a process that was to try seeds has not (%v): %s", err, out.String())
	case !news.Begun:
		if news.Message == failedElsewhere {
			news.Message += ":\n" + out.String()
		}
		return &news, nil
	case err != nil: // it has ended within a run
		news.Begun = false
		news.Message = fmt.Sprintf("the process has ended: %v\n%s", err, out.String())
		return &news, nil
	}
	return nil, nil
}

// here does a job in this process, where no other one can be started: one at a time.
func (s *searching) here(j job) error {
	s.serial.Lock()
	defer s.serial.Unlock()
	return j.run(s.t, s.f, s.opts)
}

// childArgs are the arguments of such a process: the test alone, and the flags that are not
// those of package testing or of this one, as they are.
func childArgs(test string) []string {
	args := []string{"-test.run=" + exactly(test), "-test.count=1", "-test.timeout=0", "-test.parallel=1"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	if flags.mode != "" {
		args = append(args, "-simulation.mode="+flags.mode)
	}
	return append(args, ownFlags()...)
}

// ownFlags are the flags that were set and are the test's own.
func ownFlags() (set []string) {
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") && !strings.HasPrefix(f.Name, "simulation.") {
			set = append(set, "-"+f.Name+"="+f.Value.String())
		}
	})
	return set
}

// exactly is the -run of one test.
func exactly(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// tail keeps the last of what is written.
type tail struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	limit int
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if over := t.buf.Len() - t.limit; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
