// Command echo_streams is the server with streams of the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// echo serves one connection in a coroutine of its own: one of them runs at a time.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) { // suspends this coroutine, and nothing else
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil { // waits while the client does not read
			return err
		}
	}
	return nil
}

func serve(ctx context.Context, address string) error {
	server, err := streams.StartServer(ctx, echo, "tcp", address, nil)
	if err != nil {
		return err
	}
	fmt.Println("listening on", server.Addrs()[0])
	return server.ServeForever(ctx) // until Ctrl-C
}

func main() {
	address := flag.String("listen", "127.0.0.1:7777", "where to serve")
	flag.Parse()
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error { return serve(ctx, *address) })
	if err != nil && !errors.Is(err, asyncio.ErrInterrupted) {
		log.Fatal(err)
	}
}
