package loopgroup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/loopgroup"
	"github.com/go-asyncio/asyncio/streams"
)

// upper sends back what it receives, in upper case.
type upper struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
}

func (u *upper) ConnectionMade(t asyncio.Transport) { u.transport = t }

func (u *upper) DataReceived(data []byte) {
	for i, c := range data {
		if 'a' <= c && c <= 'z' {
			data[i] = c - 'a' + 'A'
		}
	}
	_, _ = u.transport.Write(data) // an error is the end, of which ConnectionLost tells
}

// ask connects to a server, sends a line and returns the answer.
func ask(s *loopgroup.Server, line string) (string, error) {
	addr := s.Addrs()[0]
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, line); err != nil {
		return "", err
	}
	back := make([]byte, len(line))
	_, err = io.ReadFull(c, back)
	return string(back), err
}

// Example is a server on two loops, which is given five seconds to end.
func Example() {
	g, err := loopgroup.New(loopgroup.WithLoops(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := g.CreateServer(ctx, func() asyncio.Protocol { return &upper{} }, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ask(s, "hello"))
	fmt.Println(g.Shutdown(ctx))
	// Output:
	// HELLO <nil>
	// <nil>
}

// ExampleStartServer has coroutines serve, each on the loop that has its connection.
func ExampleStartServer() {
	g, err := loopgroup.New(loopgroup.WithLoops(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	s, err := loopgroup.StartServer(ctx, g, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		line, err := r.ReadLine(ctx)
		if err != nil {
			return err
		}
		_, err = w.Write(line)
		return err
	}, "tcp", "127.0.0.1:0", nil, loopgroup.HandOver)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := ask(s, "hello\n")
	fmt.Printf("%q %v\n", answer, err)
	fmt.Println(g.Shutdown(ctx))
	// Output:
	// "hello\n" <nil>
	// <nil>
}

// ExampleGroup_Run is for programs that serve until a signal comes.
func ExampleGroup_Run() {
	g, err := loopgroup.New(loopgroup.WithLoops(2), loopgroup.WithGrace(time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background()) // signal.NotifyContext, say
	stop()
	fmt.Println(g.Run(ctx))
	// Output: <nil>
}

// ExampleGo sends work to the least busy loop; whoever waits gets its result.
func ExampleGo() {
	g, err := loopgroup.New(loopgroup.WithLoops(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	sum := loopgroup.Go(g, func(ctx context.Context) (int, error) {
		return 1 + 2, asyncio.Sleep(ctx, time.Millisecond)
	})
	fmt.Println(loopgroup.Await(ctx, sum))
	err = g.Shutdown(ctx)
	fmt.Println(err)
	_, err = loopgroup.Await(ctx, loopgroup.Go(g, func(context.Context) (int, error) { return 0, nil }))
	fmt.Println(errors.Is(err, loopgroup.ErrShutdown))
	// Output:
	// 3 <nil>
	// <nil>
	// true
}

// ExampleGroup_Stats tells which loops are busy, and which hang.
func ExampleGroup_Stats() {
	g, err := loopgroup.New(loopgroup.WithLoops(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stats, err := g.Stats(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range stats {
		fmt.Printf("loop %d: %d connections, blocked: %v\n", s.Index, s.Connections, s.Blocked)
	}
	// Output:
	// loop 0: 0 connections, blocked: false
	// loop 1: 0 connections, blocked: false
}

// ExampleWithReplacement has a loop that dies replaced, unless that happens too often.
func ExampleWithReplacement() {
	told := make(chan int, 1)
	g, err := loopgroup.New(
		loopgroup.WithLoops(2),
		loopgroup.WithReplacement(3, time.Minute),
		loopgroup.WithFailureHandler(func(f loopgroup.LoopFailure) { told <- f.Index }),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		fmt.Println(err)
		return
	}
	g.Loop(1).Stop() // what nobody should do
	fmt.Println("loop", <-told, "has died")
	fmt.Println(g.Shutdown(context.Background()))
	// Output:
	// loop 1 has died
	// <nil>
}
