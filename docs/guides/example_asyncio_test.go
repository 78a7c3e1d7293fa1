package guides

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

type shout struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (s *shout) ConnectionMade(t asyncio.Transport) { s.t = t }
func (s *shout) DataReceived(p []byte)              { s.t.Write(bytes.ToUpper(p)) }

// Example_protocol has the protocol of the README answer.
func Example_protocol() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &shout{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		return ask(ctx, server.Addrs()[0].String(), "hello\n")
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: "HELLO\n"
}

// ask sends a line to a server and prints the line that comes back.
func ask(ctx context.Context, address, line string) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(line)); err != nil {
		return err
	}
	answer, err := r.ReadLine(ctx)
	fmt.Printf("%q\n", answer)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return w.WaitClosed(ctx)
}
