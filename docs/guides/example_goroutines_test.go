package guides

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
	"github.com/go-asyncio/asyncio/queues"
	"github.com/go-asyncio/asyncio/streams"
)

type hub struct{ members map[*member]bool }

type member struct {
	asyncio.BaseProtocol
	hub *hub
	t   asyncio.Transport
}

func (m *member) ConnectionMade(t asyncio.Transport) { m.t, m.hub.members[m] = t, true }
func (m *member) ConnectionLost(error)               { delete(m.hub.members, m) }
func (m *member) DataReceived(p []byte) {
	for other := range m.hub.members {
		other.t.Write(p) // it never blocks
	}
}

// Example_hub has two members of a hub hear each other.
func Example_hub() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		h := &hub{members: map[*member]bool{}}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &member{hub: h} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		address := server.Addrs()[0].String()
		listener, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
		if err != nil {
			return err
		}
		defer w.Close()
		for len(h.members) < 1 {
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		if err := ask(ctx, address, "good morning\n"); err != nil {
			return err
		}
		line, err := listener.ReadLine(ctx)
		fmt.Printf("%q\n", line)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "good morning\n"
	// "good morning\n"
}

// Example_select waits for the first of two.
func Example_select() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		after := func(d time.Duration, text string) *asyncio.Task[string] {
			return asyncio.Go(ctx, func(ctx context.Context) (string, error) { return text, asyncio.Sleep(ctx, d) })
		}
		fast, slow := after(time.Millisecond, "fast"), after(time.Hour, "slow")
		done, pending, err := asyncio.Wait(ctx, []*asyncio.Task[string]{fast, slow}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
		if err != nil {
			return err
		}
		for _, loser := range pending {
			loser.Cancel()
		}
		winner, err := done[0].Result()
		fmt.Println(winner, len(pending))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: fast 1
}

// Example_group has several write into one map.
func Example_group() {
	names := []string{"a", "bb", "ccc"}
	size := func(ctx context.Context, name string) (int, error) {
		return len(name), asyncio.Sleep(ctx, time.Millisecond)
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		sizes := map[string]int{}
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for _, name := range names {
				g.Go(func(ctx context.Context) error {
					n, err := size(ctx, name)
					sizes[name] = n // no mutex: nobody else runs meanwhile
					return err
				})
			}
			return nil
		})
		fmt.Println(sizes)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: map[a:1 bb:2 ccc:3]
}

// cache is what the guide's refresh belongs to.
type cache struct {
	loop    asyncio.EventLoop
	lock    locks.Lock
	value   string
	at      time.Duration
	fetches int
}

func (c *cache) fresh() bool { return c.value != "" && c.loop.Time()-c.at < time.Hour }

func (c *cache) fetch(ctx context.Context) (string, error) {
	c.fetches++
	return "value", asyncio.Sleep(ctx, time.Millisecond)
}

// refresh fetches the value again, once, however many ask for it at the same time.
func (c *cache) refresh(ctx context.Context) error {
	return c.lock.With(ctx, func() error {
		if c.fresh() {
			return nil // somebody has done it while we waited
		}
		value, err := c.fetch(ctx)
		if err == nil {
			c.value, c.at = value, c.loop.Time()
		}
		return err
	})
}

// Example_lock has ten ask for one value.
func Example_lock() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		c := &cache{loop: loop}
		err = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for range 10 {
				g.Go(c.refresh)
			}
			return nil
		})
		fmt.Println(c.value, c.fetches)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: value 1
}

// Example_fromGoroutine has a goroutine use a loop that runs.
func Example_fromGoroutine() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		count := 0
		jobs := queues.NewQueue[int](10)
		goroutine := func() error {
			// Run a function on the loop, and do not wait.
			if _, err := loop.CallSoonThreadsafe(func() { count++ }); err != nil {
				return err
			}
			// Run a coroutine on the loop, and wait for its result: the goroutine blocks.
			n, err := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
				return count, asyncio.Sleep(ctx, time.Millisecond)
			}).Await(context.Background())
			if err != nil {
				return err
			}
			// Hand over one item after another.
			return jobs.Put(context.Background(), n)
		}
		failed := make(chan error, 1)
		go func() { failed <- goroutine() }()
		n, err := jobs.Get(ctx)
		fmt.Println("counted", n)
		if err != nil {
			return err
		}
		_, err = asyncio.ToThread(ctx, func() (struct{}, error) { return struct{}{}, <-failed })
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: counted 1
}

// Example_toThread reads a file beside the loop.
func Example_toThread() {
	dir, err := os.MkdirTemp("", "guide")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("some text"), 0o600); err != nil {
		log.Fatal(err)
	}
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		sum, err := asyncio.ToThread(ctx, func() (string, error) {
			text, err := os.ReadFile(name)
			return fmt.Sprintf("%x", sha256.Sum256(text)), err
		})
		fmt.Println(sum[:8])
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: b94f6f12
}
