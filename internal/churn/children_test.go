package churn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestMain(m *testing.M) {
	childprogram.Main()
	os.Exit(m.Run())
}

// Children of a run: how many at a time, how many in a hundred are killed, how many a long
// run has at least.
const (
	childrenAtOnce = 50
	killedOf100    = 30
	manyChildren   = 1000
)

// TestChildren has programs come and go: they echo what they are sent, end with codes of
// their own, or are killed at any moment. None loses its output or its code, and none is
// left.
func TestChildren(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	before := testkit.Snapshot()
	t.Run("over", func(t *testing.T) {
		testkit.Over(t, childKinds, func(t *testing.T, m testkit.Mechanism) {
			loop, err := loops.New(m, quiet)
			if err != nil {
				t.Fatal(err)
			}
			k := &nursery{T: t, loop: loop, rng: rand.New(rand.NewPCG(*seed, 2)), until: loop.Time() + *duration}
			if err := loop.RunUntilComplete(asyncio.CreateTaskErr(loop, k.run)); err != nil {
				t.Errorf("seed %d: %v", *seed, err)
			}
			if err := loop.Close(); err != nil {
				t.Error(err)
			}
			k.report()
		})
	})
	if err := before.Left(20 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// nursery is the children of one loop. The loop alone has it.
type nursery struct {
	*testing.T
	loop  asyncio.EventLoop
	rng   *rand.Rand
	until time.Duration
	total struct{ Started, Ended, Killed, Echoed, Bytes int }
}

// run has as many children at a time as there may be, until time is up; a long run has at
// least many.
func (k *nursery) run(ctx context.Context) error {
	atOnce := childrenAtOnce
	if *duration < long {
		atOnce = 6
	}
	return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		for range atOnce {
			g.Go(func(ctx context.Context) error {
				for k.loop.Time() < k.until || *duration >= long && k.total.Started < manyChildren {
					if err := k.one(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil
	})
}

// one has one child.
func (k *nursery) one(ctx context.Context) error {
	code, size := k.rng.IntN(100), k.rng.IntN(200<<10)
	kills, echoes := k.rng.IntN(100) < killedOf100, k.rng.IntN(2) == 0
	steps := []string{"exit:" + strconv.Itoa(code)}
	if echoes || kills {
		steps = append([]string{"cat"}, steps...)
	}
	k.total.Started++
	p, err := subprocess.Exec(ctx, &subprocess.Options{
		Stdin: subprocess.Pipe, Stdout: subprocess.Pipe, Stderr: subprocess.Stdout,
		Env: append(os.Environ(), childprogram.Variable+"=1", "GORACE=atexit_sleep_ms=0"),
	}, os.Args[0], steps...)
	if err != nil {
		return err
	}
	if kills {
		return k.kill(ctx, p)
	}
	sent := make([]byte, size)
	for i := range sent {
		sent[i] = byte(i * code)
	}
	got, _, err := p.Communicate(ctx, sent)
	if err != nil {
		return err
	}
	if ended, _ := p.Returncode(); ended != code {
		return fmt.Errorf("child %d has ended with %d, not with %d", p.Pid, ended, code)
	}
	k.total.Ended++
	if !echoes {
		return nil
	}
	k.total.Echoed++
	k.total.Bytes += len(got)
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("child %d was sent %d bytes and sent %d", p.Pid, len(sent), len(got))
	}
	return nil
}

// kill kills a child, at once or a little later, and waits for its end.
func (k *nursery) kill(ctx context.Context, p *subprocess.Process) error {
	if err := asyncio.Sleep(ctx, time.Duration(k.rng.IntN(20))*time.Millisecond); err != nil {
		return err
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	code, err := p.Wait(ctx)
	if err != nil {
		return err
	}
	k.total.Killed++
	if code != killedCode {
		return fmt.Errorf("child %d was killed and has ended with %d", p.Pid, code)
	}
	return nil
}

// report tells what was met.
func (k *nursery) report() {
	text, err := json.Marshal(k.total)
	if err != nil {
		k.Fatal(err)
	}
	k.Logf("%v, seed %d: %s", *duration, *seed, text)
	if n := k.total; n.Started != n.Ended+n.Killed || *duration >= long && (n.Killed == 0 || n.Echoed == 0 || n.Started < manyChildren) {
		k.Error("not everything was met, or not everything has ended")
	}
}
