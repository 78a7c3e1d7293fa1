// Command echo_streams is a server and its clients in one program: coroutines
// that read and write streams on one event loop, on one goroutine.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// echo serves one connection: it sends each line back.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "echo: %s", line); err != nil {
			return err
		}
		// Wait if the client is slower than we are.
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// client sends some lines and returns the answers.
func client(ctx context.Context, address, name string) ([]string, error) {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	for i := range 3 {
		if _, err := fmt.Fprintf(w, "line %d of %s\n", i+1, name); err != nil {
			return nil, err
		}
	}
	if err := w.WriteEOF(); err != nil {
		return nil, err
	}
	var answers []string
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return nil, err
		}
		answers = append(answers, string(line))
	}
	return answers, nil
}

func run(ctx context.Context) (struct{}, error) {
	none := struct{}{}
	server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return none, err
	}
	address := server.Addrs()[0].String()

	// Both clients run at the same time; the results come in order.
	results, err := asyncio.Gather(ctx,
		func(ctx context.Context) ([]string, error) { return client(ctx, address, "Ada") },
		func(ctx context.Context) ([]string, error) { return client(ctx, address, "Bob") },
	)
	if err != nil {
		return none, err
	}
	for _, answers := range results {
		for _, line := range answers {
			fmt.Print(line)
		}
	}

	server.Close()
	if err := server.WaitClosed(ctx); err != nil {
		return none, err
	}
	fmt.Println("server closed")
	return none, nil
}

func main() {
	if _, err := asyncio.Run(context.Background(), run); err != nil {
		fmt.Fprintln(os.Stderr, "echo_streams:", err)
		os.Exit(1)
	}
}
