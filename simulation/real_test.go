package simulation_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestRealSocket: a socket of the system's is refused on a host, by an error that names the
// line, and nothing of it is left. It is not parallel: it counts the process's descriptors.
func TestRealSocket(t *testing.T) {
	real, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	before := testkit.OpenFiles()
	simulation.Test(t, func(w *simulation.World) {
		w.Host("a").Start(func(ctx context.Context) error {
			loop, err := asyncio.GetRunningLoop()
			if err != nil {
				return err
			}
			for range 10 {
				_, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "", &asyncio.ServerOptions{Listener: real})
				refused(w, err)
				_, err = asyncio.SocketFrom(real)
				refused(w, err)
			}
			return nil
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
	})
	if after := testkit.OpenFiles(); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// refused looks at the error of what is refused.
func refused(w *simulation.World, err error) {
	w.Helper()
	if !errors.Is(err, errors.ErrUnsupported) || strings.Count(err.Error(), "none of simulated host \"a\", at ") != 1 || !strings.Contains(err.Error(), "real_test.go:") {
		w.Errorf("%v", err)
	}
}
