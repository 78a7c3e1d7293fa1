//go:build unix && !solaris && !illumos

package guides

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func serve(ctx context.Context, address string, made chan<- net.Addr) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	factory := func() asyncio.Protocol { return &shout{} }
	server, err := loop.CreateServer(ctx, factory, "tcp", address, &asyncio.ServerOptions{ReusePort: true})
	if err != nil {
		return err
	}
	made <- server.Addrs()[0]
	return server.ServeForever(ctx) // until ctx is done
}

// TestSeveralLoops has three loops serve one port, until they are told to end.
func TestSeveralLoops(t *testing.T) {
	t.Parallel()
	const loops = 3
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	made, ended := make(chan net.Addr, 1), make(chan error, loops)
	address := "127.0.0.1:0"
	for range loops {
		go func(address string) {
			ended <- asyncio.RunErr(ctx, func(ctx context.Context) error { return serve(ctx, address, made) })
		}(address)
		select {
		case a := <-made:
			address = a.String() // the others share its port
		case err := <-ended:
			t.Fatal(err)
		}
	}
	for range 20 {
		err := asyncio.RunErr(ctx, func(ctx context.Context) error { return heard(ctx, address) })
		if err != nil {
			t.Error(err)
		}
	}
	stop()
	for range loops {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a loop ended by %v", err)
		}
	}
}
