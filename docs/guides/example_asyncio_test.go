package guides

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Example_gather is the program of from-asyncio.md.
func Example_gather() {
	fetch := func(n int) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
				return 0, err
			}
			return n * n, nil
		}
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return asyncio.Timeout(ctx, 5*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			squares, err := asyncio.Gather(ctx, fetch(2), fetch(3))
			fmt.Println(squares)
			return err
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [4 9]
}

type shout struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (s *shout) ConnectionMade(t asyncio.Transport) { s.t = t }
func (s *shout) DataReceived(p []byte)              { s.t.Write(bytes.ToUpper(p)) }

// Example_protocol has the protocol of from-asyncio.md answer.
func Example_protocol() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &shout{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		return ask(ctx, server.Addrs()[0].String(), "hello\n")
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: "HELLO\n"
}

// Example_streams has the streams of from-asyncio.md answer.
func Example_streams() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			for line, err := range r.Lines(ctx) {
				if err != nil {
					return err
				}
				if _, err := w.Write(line); err != nil {
					return err
				}
				if err := w.Drain(ctx); err != nil {
					return err
				}
			}
			return nil
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		return ask(ctx, server.Addrs()[0].String(), "one line\n")
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: "one line\n"
}

// ask sends a line to a server and prints the line that comes back.
func ask(ctx context.Context, address, line string) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(line)); err != nil {
		return err
	}
	answer, err := r.ReadLine(ctx)
	fmt.Printf("%q\n", answer)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return w.WaitClosed(ctx)
}
