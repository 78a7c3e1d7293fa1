package asyncio_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// echoServer sends back what comes. It is paused while its peer does not read.
type echoServer struct {
	asyncio.BaseProtocol // for what it has no use for
	transport            asyncio.Transport
}

func (p *echoServer) ConnectionMade(t asyncio.Transport) { p.transport = t }

func (p *echoServer) DataReceived(data []byte) {
	if _, err := p.transport.Write(data); err != nil {
		p.transport.Abort()
	}
}

func (p *echoServer) PauseWriting() {
	if err := p.transport.PauseReading(); err != nil {
		p.transport.Abort()
	}
}

func (p *echoServer) ResumeWriting() {
	if err := p.transport.ResumeReading(); err != nil {
		p.transport.Abort()
	}
}

// echoClient sends a message and ends its side; the answer is what comes until the end.
type echoClient struct {
	asyncio.BaseProtocol
	message string
	answer  []byte
	done    *asyncio.Future[string]
}

func (p *echoClient) ConnectionMade(t asyncio.Transport) {
	if _, err := t.Write([]byte(p.message)); err != nil {
		t.Abort()
		return
	}
	if err := t.WriteEOF(); err != nil {
		t.Abort()
	}
}

// DataReceived copies what is lent.
func (p *echoClient) DataReceived(data []byte) { p.answer = append(p.answer, data...) }

func (p *echoClient) ConnectionLost(err error) {
	if err != nil {
		err = p.done.SetException(err)
	} else {
		err = p.done.SetResult(string(p.answer))
	}
	if err != nil {
		log.Print(err) // the one who waited is gone
	}
}

// ExampleEventLoop_createServer is an echo server and its client, by protocols.
func ExampleEventLoop_createServer() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &echoServer{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		client := &echoClient{message: "hello", done: asyncio.NewFuture[string](loop)}
		factory := func() asyncio.Protocol { return client }
		if _, _, err := loop.CreateConnection(ctx, factory, "tcp", server.Addrs()[0].String(), nil); err != nil {
			return err
		}
		answer, err := client.done.Await(ctx)
		fmt.Println(answer, err)
		server.Close()
		return server.WaitClosed(ctx) // until the last connection has gone
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: hello <nil>
}
