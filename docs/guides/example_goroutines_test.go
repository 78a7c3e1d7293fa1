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
