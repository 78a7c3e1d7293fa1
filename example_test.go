package asyncio_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// greet serves one connection: it answers each name by a greeting.
func greet(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "hello %s", line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil { // wait if the peer is slower than we are
			return err
		}
	}
	return nil
}

// ask sends a name and returns the answer.
func ask(ctx context.Context, address, name string) (string, error) {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return "", err
	}
	defer w.Close()
	if _, err := fmt.Fprintln(w, name); err != nil {
		return "", err
	}
	answer, err := r.ReadLine(ctx)
	return string(answer), err
}

// talk has two clients talk to a server at the same time, all on one loop.
func talk(ctx context.Context) error {
	server, err := streams.StartServer(ctx, greet, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer server.Close()
	address := server.Addrs()[0].String()
	answers, err := asyncio.Gather(ctx,
		func(ctx context.Context) (string, error) { return ask(ctx, address, "Ada") },
		func(ctx context.Context) (string, error) { return ask(ctx, address, "Grace") },
	)
	if err != nil {
		return err
	}
	for _, answer := range answers {
		fmt.Print(answer)
	}
	server.Close()
	return server.WaitClosed(ctx)
}

// Example is a server and its clients in one program.
func Example() {
	if err := asyncio.RunErr(context.Background(), talk); err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello Ada
	// hello Grace
}
