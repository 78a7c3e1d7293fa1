// Command echo_protocol is the server with a protocol of the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// echo is one connection. The loop calls its methods, one at a time.
type echo struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (e *echo) ConnectionMade(t asyncio.Transport) { e.t = t }
func (e *echo) DataReceived(p []byte)              { e.t.Write(p) }

// PauseWriting: a client that does not read its answers is not read from, either.
func (e *echo) PauseWriting()  { e.t.PauseReading() }
func (e *echo) ResumeWriting() { e.t.ResumeReading() }

func serve(ctx context.Context, address string) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &echo{} }, "tcp", address, nil)
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
