package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/ending"
	"github.com/go-asyncio/asyncio/streams"
)

// demonstrate opens a store and talks to it.
func demonstrate(ctx context.Context) error {
	server, err := start(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
	if err != nil {
		return err
	}
	defer w.Close()
	for _, line := range []string{
		"PING", "SET greeting hello", "GET greeting", "GET nothing", "INCR visits", "INCR visits", "INCR greeting",
		"SET soon gone PX 1", "DEL greeting visits nothing", "SET x", "DANCE",
	} {
		if _, err := w.Write(append([]byte(line), "\r\n"...)); err != nil {
			return err
		}
		answer, err := reply(ctx, r)
		if err != nil {
			return err
		}
		fmt.Printf("%-27s %q\n", line, answer)
	}
	// The timer of a key: whoever asks long enough finds it gone.
	for answer := []byte(":1\r\n"); !bytes.Equal(answer, []byte(":0\r\n")); {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		fmt.Fprint(w, "EXISTS soon\r\n")
		if answer, err = reply(ctx, r); err != nil {
			return err
		}
	}
	fmt.Println("the key with a time limit is gone")
	if err := pipeline(ctx, r, w); err != nil {
		return err
	}
	if err := ending.Close(ctx, server, 10*time.Second, server.CloseClients); err != nil {
		return err
	}
	fmt.Println("the store is closed")
	return nil
}

// pipeline asks 1,000 times for 64 KiB without reading an answer, and then reads them all. The
// server has stopped meanwhile, with little more than one answer in its memory.
func pipeline(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	large := bytes.Repeat([]byte("x"), 64<<10)
	fmt.Fprintf(w, "*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$%d\r\n%s\r\n", len(large), large)
	if _, err := reply(ctx, r); err != nil {
		return err
	}
	const times = 1000
	if _, err := w.Write(bytes.Repeat([]byte("*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n"), times)); err != nil {
		return err
	}
	total := 0
	for range times {
		answer, err := reply(ctx, r)
		if err != nil {
			return err
		}
		total += len(answer)
	}
	fmt.Println(times, "answers at once:", total, "bytes")
	return nil
}

// reply reads one answer, as it stands.
func reply(ctx context.Context, r *streams.StreamReader) ([]byte, error) {
	line, err := r.ReadLine(ctx)
	if err != nil || line[0] != '$' {
		return line, err
	}
	var n int
	if _, err := fmt.Sscanf(string(line), "$%d", &n); err != nil || n < 0 {
		return line, err
	}
	rest, err := r.ReadExactly(ctx, n+2)
	return append(line, rest...), err
}
