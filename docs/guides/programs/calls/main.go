// Command calls is the eighth program of from-asyncio.md: a server and a client with protocols.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

type shout struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (s *shout) ConnectionMade(t asyncio.Transport) { s.t = t }
func (s *shout) DataReceived(p []byte)              { s.t.Write(bytes.ToUpper(p)) }

type client struct {
	asyncio.BaseProtocol
	lost *asyncio.Future[struct{}]
}

func (c *client) ConnectionMade(t asyncio.Transport) {
	t.Write([]byte("hello\n"))
	t.WriteEOF()
}

func (c *client) DataReceived(p []byte)    { fmt.Print("heard: ", string(p)) }
func (c *client) ConnectionLost(err error) { c.lost.SetResult(struct{}{}) }

func run(ctx context.Context) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &shout{} }, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer server.Close()
	lost := asyncio.NewFuture[struct{}](loop)
	_, _, err = loop.CreateConnection(ctx, func() asyncio.Protocol { return &client{lost: lost} },
		"tcp", server.Addrs()[0].String(), nil)
	if err != nil {
		return err
	}
	_, err = lost.Await(ctx)
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
