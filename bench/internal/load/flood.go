package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// floodPiece is how much a flooder writes at once.
const floodPiece = 64 << 10

// Flood makes connections to a server, writes on each as fast as it is taken, and discards what
// comes back, until ctx is done. ready is called when all are open. An end of a connection
// before that is an error.
func Flood(ctx context.Context, address string, conns int, ready func()) error {
	if conns < 1 {
		return fmt.Errorf("%d connections cannot flood", conns)
	}
	if strings.HasPrefix(address, tlsPrefix) || strings.HasPrefix(address, "udp:") {
		return errors.New("connections flood over TCP and unix sockets alone")
	}
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var ended sync.WaitGroup
	defer ended.Wait()
	for range conns {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return err
		}
		defer c.Close()
		ended.Go(func() {
			_, err := io.Copy(io.Discard, c)
			stop(fmt.Errorf("a connection that floods has ended: %v", err))
		})
		ended.Go(func() {
			for piece := make([]byte, floodPiece); ; {
				if _, err := c.Write(piece); err != nil {
					stop(fmt.Errorf("a connection that floods has ended: %w", err))
					return
				}
			}
		})
	}
	ready()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
