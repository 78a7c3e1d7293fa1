package asyncio_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/go-asyncio/asyncio"
)

// ExampleNewSocket works with sockets as the system has them, without transports.
func ExampleNewSocket() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		listener, err := asyncio.NewSocket("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		if err := listener.Listen(1); err != nil {
			return err
		}
		client, err := asyncio.NewSocket("tcp", "")
		if err != nil {
			return err
		}
		defer client.Close()
		if err := loop.SockConnect(ctx, client, listener.LocalAddr().String()); err != nil {
			return err
		}
		server, _, err := loop.SockAccept(ctx, listener)
		if err != nil {
			return err
		}
		defer server.Close()
		if _, err := loop.SockSendAll(ctx, server, []byte("tea")); err != nil {
			return err
		}
		data, err := loop.SockRecv(ctx, client, 64)
		fmt.Printf("%s %v\n", data, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea <nil>
}

// collector has all that comes until the end of the connection.
type collector struct {
	asyncio.BaseProtocol
	bytes.Buffer
	end *asyncio.Future[string]
}

func (p *collector) DataReceived(data []byte) { p.Write(data) }

func (p *collector) ConnectionLost(error) {
	if err := p.end.SetResult(p.String()); err != nil {
		log.Print(err)
	}
}

// ExampleEventLoop_sendfile sends a file, by the system's own call where there is one.
func ExampleEventLoop_sendfile() {
	file, err := os.CreateTemp("", "tea")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.WriteString(file, "Earl Grey"); err != nil {
		log.Print(err)
		return
	}
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		sink := &collector{end: asyncio.NewFuture[string](loop)}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return sink }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		factory := func() asyncio.Protocol { return asyncio.BaseProtocol{} }
		t, _, err := loop.CreateConnection(ctx, factory, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		n, err := loop.Sendfile(ctx, t, file, nil)
		if err != nil {
			return err
		}
		if err := t.Close(); err != nil {
			return err
		}
		text, err := sink.end.Await(ctx)
		fmt.Println(n, text)
		return err
	})
	if err != nil {
		log.Print(err)
	}
	// Output: 9 Earl Grey
}
