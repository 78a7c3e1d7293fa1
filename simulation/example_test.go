package simulation_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// serve is the server's program, which knows nothing of a simulation.
func serve(ctx context.Context) error {
	server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		name, err := r.ReadLine(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "hello %s", name)
		return err
	}, "tcp", ":7", nil)
	if err != nil {
		return err
	}
	return server.ServeForever(ctx)
}

// askByName is the client's: it tries until the server answers.
func askByName(ctx context.Context) error {
	for {
		r, w, err := streams.OpenConnection(ctx, "tcp", "server:7", nil)
		if err != nil {
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		defer w.Close()
		if _, err := fmt.Fprintln(w, "Ada"); err != nil {
			return err
		}
		answer, err := r.ReadLine(ctx)
		fmt.Printf("%s", answer)
		return err
	}
}

// ExampleRun has two hosts talk, one of which is started an hour later. It takes no time.
func ExampleRun() {
	err := simulation.Run(1, func(w *simulation.World) {
		client, server := w.Host("client"), w.Host("server")
		client.Start(askByName)
		w.RunFor(time.Hour)
		server.Start(serve)
		if err := w.RunUntil(client.Done); err != nil {
			w.Fatalf("%v", err)
		}
		fmt.Println("an hour has passed:", w.Elapsed() >= time.Hour, client.Err())
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello Ada
	// an hour has passed: true <nil>
}
