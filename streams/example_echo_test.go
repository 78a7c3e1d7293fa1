package streams_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// echo sends each line back. It closes its writer, however it ends.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil { // wait while the peer does not read
			return err
		}
	}
	return nil
}

// converse connects, sends two lines and the end of them, and prints what comes.
func converse(ctx context.Context, address string) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := fmt.Fprint(w, "tea\ncake\n"); err != nil {
		return err
	}
	if err := w.WriteEOF(); err != nil {
		return err
	}
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		fmt.Printf("%s", line)
	}
	w.Close()
	return w.WaitClosed(ctx)
}

// ExampleStartServer is an echo server, and a client of it.
func ExampleStartServer() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		if err := converse(ctx, server.Addrs()[0].String()); err != nil {
			return err
		}
		server.Close()
		return server.WaitClosed(ctx)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// tea
	// cake
}
