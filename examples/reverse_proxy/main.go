// Reverse_proxy passes TCP connections on to several servers behind it, in turn, and passes by
// those that do not answer. Without arguments it tries itself out, and ends; with -listen it
// serves until Ctrl-C or SIGTERM:
//
//	go run ./examples/reverse_proxy
//	go run ./examples/reverse_proxy -listen 127.0.0.1:8080 127.0.0.1:8001 127.0.0.1:8002
//
// It shows protocols, which cost less than coroutines: two that are tied to each other. What one
// reads the other writes; who does not read holds up him who writes to him, and no more; and
// each direction ends by itself, so that a client that has said all still gets its answer.
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
)

// start opens the proxy's port.
func start(ctx context.Context, address string, backends []string) (*asyncio.Server, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	p := &proxy{loop: loop, backends: backends}
	return loop.CreateServer(ctx, p.accept, "tcp", address, nil)
}

// serve serves strangers until a signal comes.
func serve(ctx context.Context, address string, backends []string) error {
	server, err := start(ctx, address, backends)
	if err != nil {
		return err
	}
	fmt.Println("listening on", server.Addrs()[0])
	return ending.Serve(ctx, server, 5*time.Second, nil)
}

func main() {
	address := flag.String("listen", "", "serve on `HOST:PORT` until a signal comes, for the servers that follow")
	flag.Parse()
	if (*address == "") != (flag.NArg() == 0) {
		fmt.Fprintln(os.Stderr, "reverse_proxy: -listen HOST:PORT and the servers behind it, or nothing at all")
		flag.Usage()
		os.Exit(2)
	}
	run := demonstrate
	if *address != "" {
		run = func(ctx context.Context) error { return serve(ctx, *address, flag.Args()) }
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal("reverse_proxy: ", err)
	}
}
