package load_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio/bench/internal/load"
)

// TestFlood: connections that flood send until they are told to end, and say if the server ends
// them.
func TestFlood(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, serverEnds := range map[string]bool{"told": false, "server": true} {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		ready := make(chan struct{})
		go func() { ended <- load.Flood(ctx, l.Addr().String(), 1, func() { close(ready) }) }()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, c, 1<<20); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		<-ready
		if serverEnds {
			c.Close()
		} else {
			stop()
		}
		if err := <-ended; (err != nil) != serverEnds {
			t.Errorf("%s: %v", name, err)
		}
		stop()
		c.Close()
	}
	if err := load.Flood(context.Background(), "udp:127.0.0.1:1", 1, nil); err == nil {
		t.Error("datagrams flood")
	}
}
