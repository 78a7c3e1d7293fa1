// Chat is a chat server with rooms, one coroutine for each guest. Without arguments some guests
// of its own talk to each other, and it ends; with -listen it serves until Ctrl-C or SIGTERM:
//
//	go run ./examples/chat
//	go run ./examples/chat -listen 127.0.0.1:7777      and then, elsewhere: nc 127.0.0.1 7777
//
// It shows state that coroutines share without a lock, a guest who does not read and is put
// out before he fills the memory, lines that are too long, a time limit for those who do not say
// who they are, and an end at which everybody hears that it is the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/ending"
	"github.com/go-asyncio/asyncio/streams"
)

// longest is how long a line of a guest may be.
const longest = 4096

// start opens the hall.
func start(ctx context.Context, h *hall, address string) (*asyncio.Server, error) {
	return streams.StartServer(ctx, h.serve, "tcp", address, nil, streams.WithLimit(longest))
}

// serve serves strangers until a signal comes.
func serve(ctx context.Context, address string) error {
	h := newHall()
	server, err := start(ctx, h, address)
	if err != nil {
		return err
	}
	fmt.Println("listening on", server.Addrs()[0])
	return ending.Serve(ctx, server, 5*time.Second, h.close)
}

func main() {
	address := flag.String("listen", "", "serve on `HOST:PORT` until a signal comes")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "chat: what is %q? there are only flags\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	run := demonstrate
	if *address != "" {
		run = func(ctx context.Context) error { return serve(ctx, *address) }
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal("chat: ", err)
	}
}
