//go:build unix

package bench

import (
	"context"
	"net"
	"testing"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

// gnetServer tells where it listens, and its event loop when a connection has come.
type gnetServer struct {
	gnet.BuiltinEventEngine
	address chan net.Addr
	loop    chan gnet.EventLoop
	engine  gnet.Engine
}

func (s *gnetServer) OnBoot(engine gnet.Engine) gnet.Action {
	s.engine = engine
	fd, err := engine.Dup()
	if err != nil {
		return gnet.Shutdown
	}
	defer unix.Close(fd)
	address, err := unix.Getsockname(fd)
	if err != nil {
		return gnet.Shutdown
	}
	s.address <- serve.TCPAddr(address)
	return gnet.None
}

func (s *gnetServer) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	s.loop <- c.EventLoop()
	return nil, gnet.None
}

// quiet keeps gnet's log out of the benchmarks' output.
type quiet struct{}

func (quiet) Debugf(string, ...any) {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

// gnetLoop starts a gnet engine with one event loop, and returns what runs a function on it. gnet
// gives its loop only to a connection, so there is one, idle.
func gnetLoop(b *testing.B) (execute func(func()) error) {
	b.Helper()
	s := &gnetServer{address: make(chan net.Addr, 1), loop: make(chan gnet.EventLoop, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- gnet.Run(s, "tcp://127.0.0.1:0", gnet.WithNumEventLoop(1), gnet.WithLogger(quiet{}))
	}()
	c, err := net.Dial("tcp", (<-s.address).String())
	if err != nil {
		b.Fatal(err)
	}
	loop := <-s.loop
	b.Cleanup(func() {
		_ = c.Close()
		if err := s.engine.Stop(context.Background()); err != nil {
			b.Error(err)
		}
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	ctx := context.Background()
	return func(f func()) error {
		return loop.Execute(ctx, gnet.RunnableFunc(func(context.Context) error { f(); return nil }))
	}
}
