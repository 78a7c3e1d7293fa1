package asyncio_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/go-asyncio/asyncio"
)

// answerer answers each datagram, and is told of what goes wrong without an end of it all.
type answerer struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
}

func (p *answerer) ConnectionMade(t asyncio.DatagramTransport) { p.transport = t }

func (p *answerer) DatagramReceived(data []byte, from net.Addr) {
	if err := p.transport.SendTo(append([]byte("re: "), data...), from); err != nil {
		log.Print(err)
	}
}

func (p *answerer) ErrorReceived(err error) { log.Print(err) }

// asking has what comes first.
type asking struct {
	asyncio.BaseDatagramProtocol
	answer *asyncio.Future[string]
}

func (p *asking) DatagramReceived(data []byte, _ net.Addr) {
	if err := p.answer.SetResult(string(data)); err != nil {
		log.Print(err) // it comes twice, or late
	}
}

// ExampleEventLoop_createDatagramEndpoint is a server and a client over UDP.
func ExampleEventLoop_createDatagramEndpoint() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		server, _, err := loop.CreateDatagramEndpoint(ctx,
			func() asyncio.DatagramProtocol { return &answerer{} },
			&asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"})
		if err != nil {
			return err
		}
		defer server.Close()
		question := &asking{answer: asyncio.NewFuture[string](loop)}
		client, _, err := loop.CreateDatagramEndpoint(ctx,
			func() asyncio.DatagramProtocol { return question },
			&asyncio.DatagramOptions{RemoteAddress: server.LocalAddr().String()})
		if err != nil {
			return err
		}
		defer client.Close()
		if err := client.SendTo([]byte("tea?"), nil); err != nil {
			return err
		}
		answer, err := question.answer.Await(ctx)
		fmt.Println(answer)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: re: tea?
}
