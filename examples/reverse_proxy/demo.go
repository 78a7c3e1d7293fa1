package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/ending"
	"github.com/go-asyncio/asyncio/streams"
)

// large is how much is sent and answered at once: more than all buffers on the way hold.
const large = 16 << 20

// counter starts a server that reads to the end, and only then says how much that was.
func counter(ctx context.Context, name string) (*asyncio.Server, error) {
	return streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		p, err := r.ReadAll(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s has read %d bytes\n", name, len(p))
		return err
	}, "tcp", "127.0.0.1:0", nil)
}

// talker starts a server that has much to say to those who read slowly.
func talker(ctx context.Context) (*asyncio.Server, error) {
	return streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		piece := make([]byte, 64<<10)
		for range large / len(piece) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
			if err := w.Drain(ctx); err != nil {
				return err
			}
		}
		return nil
	}, "tcp", "127.0.0.1:0", nil)
}

// ask sends a request, ends its direction, and returns the answer.
func ask(ctx context.Context, address string, request []byte) ([]byte, error) {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if _, err := w.Write(request); err != nil {
		return nil, err
	}
	if err := w.WriteEOF(); err != nil {
		return nil, err
	}
	return r.ReadAll(ctx)
}

// demonstrate has clients come to servers by way of a proxy.
func demonstrate(ctx context.Context) error {
	var servers []*asyncio.Server
	open := func(s *asyncio.Server, err error) (string, error) {
		if err != nil {
			return "", err
		}
		servers = append(servers, s)
		return s.Addrs()[0].String(), nil
	}
	one, err := open(counter(ctx, "one"))
	if err != nil {
		return err
	}
	two, err := open(counter(ctx, "two"))
	if err != nil {
		return err
	}
	front, err := open(start(ctx, "127.0.0.1:0", []string{one, two}))
	if err != nil {
		return err
	}
	show := func(request []byte) error {
		answer, err := ask(ctx, front, request)
		fmt.Printf("%s", answer)
		return err
	}
	if err := errors.Join(show([]byte("hello")), show(bytes.Repeat([]byte("x"), large))); err != nil {
		return err
	}

	fmt.Println("the first server ends")
	if err := ending.Close(ctx, servers[0], time.Second, nil); err != nil {
		return err
	}
	if err := errors.Join(show([]byte("hello")), show([]byte("hello again"))); err != nil {
		return err
	}

	much, err := open(talker(ctx))
	if err != nil {
		return err
	}
	slow, err := open(start(ctx, "127.0.0.1:0", []string{much}))
	if err != nil {
		return err
	}
	answer, err := ask(ctx, slow, nil)
	fmt.Println("a server that talks much was heard to the end:", len(answer) == large)
	if err != nil {
		return err
	}
	for _, s := range servers {
		if err := ending.Close(ctx, s, 10*time.Second, nil); err != nil {
			return err
		}
	}
	fmt.Println("all are closed")
	return nil
}
