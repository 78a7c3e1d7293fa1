// Command talks is the seventh program of from-asyncio.md: a server and a client with streams.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close() // whatever happens
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := w.Write(bytes.ToUpper(line)); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context) error {
	server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := w.Write([]byte("one\ntwo\n")); err != nil {
		return err
	}
	if err := w.WriteEOF(); err != nil {
		return err
	}
	answer, err := r.ReadAll(ctx)
	fmt.Print(string(answer))
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	server.Close()
	return server.WaitClosed(ctx)
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
