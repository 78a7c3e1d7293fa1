package asyncio_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// lineReceiver takes lines out of one piece of memory, into which the transport puts what comes.
type lineReceiver struct {
	asyncio.BaseProtocol
	memory [4096]byte
	filled int
	lines  []string
	lost   *asyncio.Future[error]
}

// GetBuffer lends the transport what is free. It must not be empty: a line that is too long
// is dropped.
func (p *lineReceiver) GetBuffer(int) []byte {
	if p.filled == len(p.memory) {
		p.filled = 0
	}
	return p.memory[p.filled:]
}

// BufferUpdated looks at what has come, and moves the rest to the front.
func (p *lineReceiver) BufferUpdated(n int) {
	p.filled += n
	data := p.memory[:p.filled]
	for {
		line, rest, found := bytes.Cut(data, []byte("\n"))
		if !found {
			break
		}
		p.lines = append(p.lines, string(line))
		data = rest
	}
	p.filled = copy(p.memory[:], data)
}

func (p *lineReceiver) ConnectionLost(err error) {
	if err := p.lost.SetResult(err); err != nil {
		log.Print(err)
	}
}

// ExampleBufferedProtocol receives into memory of the protocol's own, without a copy.
func ExampleBufferedProtocol() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		receiver := &lineReceiver{lost: asyncio.NewFuture[error](loop)}
		server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return receiver }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		sender := func() asyncio.Protocol { return &asyncio.BaseProtocol{} }
		t, _, err := loop.CreateConnection(ctx, sender, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		if err := t.WriteLines([][]byte{[]byte("tea\nca"), []byte("ke\n")}); err != nil {
			return err
		}
		if err := t.Close(); err != nil {
			return err
		}
		lost, err := receiver.lost.Await(ctx)
		fmt.Println(receiver.lines, lost)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [tea cake] <nil>
}
