package grpcgo

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/nethttp"
)

// TestMain fails if anything is left behind.
func TestMain(m *testing.M) { testkit.Main(m) }

// service is a service whose methods are coroutines of the loop.
type service struct {
	health.UnimplementedHealthServer
	loop  asyncio.EventLoop
	check func(ctx context.Context, name string) error
}

// Check implements the service.
func (v *service) Check(ctx context.Context, r *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	return OnLoop(ctx, v.loop, func(ctx context.Context) (*health.HealthCheckResponse, error) {
		if _, err := asyncio.GetRunningLoop(); err != nil {
			return nil, err
		}
		return &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}, v.check(ctx, r.Service)
	})
}

// Watch implements the service: three answers.
func (v *service) Watch(_ *health.HealthCheckRequest, w grpc.ServerStreamingServer[health.HealthCheckResponse]) error {
	for range 3 {
		if err := w.Send(&health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}); err != nil {
			return err
		}
	}
	return nil
}

// connect starts a server on the loop, and makes a client; end waits until both have gone.
func connect(s *stage.Stage, check func(ctx context.Context, name string) error) (client health.HealthClient, end func()) {
	s.Helper()
	listener, err := nethttp.Listen(s.Ctx, "tcp", "127.0.0.1:0", nil)
	s.Must(err)
	server := grpc.NewServer()
	health.RegisterHealthServer(server, &service{loop: s.Loop, check: check})
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	conn, err := Client(s.Loop, listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	s.Must(err)
	return health.NewHealthClient(conn), func() {
		s.Check(asyncio.ToThreadErr(s.Ctx, func() error {
			err := conn.Close()
			server.Stop()
			return errors.Join(err, <-serving)
		}))
		s.Check(listener.Server().WaitClosed(s.Ctx))
	}
}

// call calls by ToThread.
func call(client health.HealthClient, name string) func(ctx context.Context) (*health.HealthCheckResponse, error) {
	return func(ctx context.Context) (*health.HealthCheckResponse, error) {
		return asyncio.ToThread(ctx, func() (*health.HealthCheckResponse, error) {
			return client.Check(ctx, &health.HealthCheckRequest{Service: name})
		})
	}
}

// TestByToThread: calls are under way, and the methods of the server are coroutines of the
// same loop, that wait for each other there.
func TestByToThread(t *testing.T) {
	stage.Over(t, "calls", func(s *stage.Stage) {
		const calls = 3
		here := 0
		all := asyncio.NewFuture[int](s.Loop)
		client, end := connect(s, func(ctx context.Context, name string) error {
			if name == "none" {
				return status.Error(codes.NotFound, "there is none")
			}
			if here++; here == calls {
				s.Check(all.SetResult(here))
			}
			_, err := all.Await(ctx)
			return err
		})
		defer end()
		got, err := asyncio.Gather(s.Ctx, call(client, "a"), call(client, "b"), call(client, "c"))
		s.Must(err)
		for _, r := range got {
			if r.Status != health.HealthCheckResponse_SERVING {
				s.Errorf("answered %v", r)
			}
		}
		if _, err := call(client, "none")(s.Ctx); status.Code(err) != codes.NotFound {
			s.Errorf("error %v", err)
		}
	})
	stage.Over(t, "a stream", func(s *stage.Stage) {
		client, end := connect(s, nil)
		defer end()
		n, err := asyncio.ToThread(s.Ctx, func() (int, error) {
			stream, err := client.Watch(s.Ctx, &health.HealthCheckRequest{})
			n := 0
			for err == nil {
				if _, err = stream.Recv(); err == nil {
					n++
				}
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		})
		if n != 3 || err != nil {
			s.Errorf("%d answers, %v", n, err)
		}
	})
	stage.Over(t, "cancelled", func(s *stage.Stage) {
		started, ended := asyncio.NewFuture[int](s.Loop), asyncio.NewFuture[error](s.Loop)
		client, end := connect(s, func(ctx context.Context, _ string) error {
			s.Check(started.SetResult(1))
			_, err := asyncio.NewFuture[int](s.Loop).Await(ctx)
			s.Check(ended.SetResult(err))
			return err
		})
		defer end()
		task := asyncio.CreateTask(s.Loop, call(client, ""))
		_, err := started.Await(s.Ctx)
		s.Must(err)
		task.Cancel()
		if _, err := task.Await(s.Ctx); !errors.Is(err, asyncio.ErrCancelled) {
			s.Errorf("the call ended by %v", err)
		}
		if err, _ := ended.Await(s.Ctx); !errors.Is(err, asyncio.ErrCancelled) {
			s.Errorf("the server's coroutine ended by %v", err)
		}
	})
}

// TestWhatHoldsTheLoop: a call waits on a channel. The server and the connection are none of
// the loop's, or it would wait for ever.
func TestWhatHoldsTheLoop(t *testing.T) {
	stage.Over(t, "a call", func(s *stage.Stage) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.Must(err)
		released := make(chan struct{})
		server := grpc.NewServer()
		health.RegisterHealthServer(server, &late{released: released})
		serving := make(chan error, 1)
		go func() { serving <- server.Serve(listener) }()
		conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		s.Must(err)
		s.Holds(func() {
			_, err := health.NewHealthClient(conn).Check(s.Ctx, &health.HealthCheckRequest{})
			s.Check(err)
		}, func() { close(released) }, "google.golang.org/grpc", "ToThread")
		s.Check(conn.Close())
		server.Stop()
		s.Check(<-serving)
	})
}

// late is a service that answers when it is released.
type late struct {
	health.UnimplementedHealthServer
	released chan struct{}
}

// Check implements the service.
func (v *late) Check(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	<-v.released
	return &health.HealthCheckResponse{}, nil
}
