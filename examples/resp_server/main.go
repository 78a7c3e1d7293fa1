// Resp_server is a small store that speaks the protocol of Redis: PING, ECHO, SET (with EX and
// PX), GET, DEL, EXISTS, INCR, DBSIZE, QUIT. Without arguments it talks to itself, and ends; with
// -listen it serves until Ctrl-C or SIGTERM:
//
//	go run ./examples/resp_server
//	go run ./examples/resp_server -listen 127.0.0.1:6380     and then: redis-cli -p 6380
//
// It shows a BufferedProtocol: what comes is put into memory of the protocol's own, commands are
// read where they stand, many answers go out by one write, and a client that does not read its
// answers gets no more of them. The store needs no lock, and timers of the loop end its keys.
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

// start opens the store's port.
func start(ctx context.Context, address string) (*asyncio.Server, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	s := &store{loop: loop, values: map[string]*value{}}
	return loop.CreateServer(ctx, func() asyncio.Protocol { return &conn{store: s} }, "tcp", address, nil)
}

// serve serves strangers until a signal comes.
func serve(ctx context.Context, address string) error {
	server, err := start(ctx, address)
	if err != nil {
		return err
	}
	fmt.Println("listening on", server.Addrs()[0])
	// Clients hold their connections for long; what was answered is sent before they end.
	return ending.Serve(ctx, server, time.Second, server.CloseClients)
}

func main() {
	address := flag.String("listen", "", "serve on `HOST:PORT` until a signal comes")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "resp_server: what is %q? there are only flags\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	run := demonstrate
	if *address != "" {
		run = func(ctx context.Context) error { return serve(ctx, *address) }
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal("resp_server: ", err)
	}
}
