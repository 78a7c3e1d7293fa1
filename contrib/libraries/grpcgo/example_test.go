package grpcgo_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/grpcgo"
	"github.com/go-asyncio/asyncio/nethttp"
)

// counter is a service that shares a number with the loop's coroutines, without a lock.
type counter struct {
	health.UnimplementedHealthServer
	loop  asyncio.EventLoop
	calls int
}

// Check implements the service.
func (c *counter) Check(ctx context.Context, _ *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	return grpcgo.OnLoop(ctx, c.loop, func(context.Context) (*health.HealthCheckResponse, error) {
		c.calls++
		return &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}, nil
	})
}

// Example has a server and a client, whose goroutines use connections of one loop.
func Example() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		listener, err := nethttp.Listen(ctx, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		server, service := grpc.NewServer(), &counter{loop: loop}
		health.RegisterHealthServer(server, service)
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()

		client, err := grpcgo.Client(loop, listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		answer, err := asyncio.ToThread(ctx, func() (*health.HealthCheckResponse, error) {
			return health.NewHealthClient(client).Check(ctx, &health.HealthCheckRequest{})
		})
		fmt.Println(answer.GetStatus(), service.calls)
		return errors.Join(err, asyncio.ToThreadErr(ctx, func() error { // these wait for goroutines, too
			err := client.Close()
			server.Stop()
			return errors.Join(err, <-served)
		}))
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: SERVING 1
}
