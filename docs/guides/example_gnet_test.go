package guides

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

func frames(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for {
		head, err := r.ReadExactly(ctx, 4)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		size := binary.BigEndian.Uint32(head)
		if size > 1<<20 {
			return fmt.Errorf("a frame of %d bytes", size)
		}
		body, err := r.ReadExactly(ctx, int(size))
		if err != nil {
			return err
		}
		if err := w.WriteLines([][]byte{head, body}); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
}

// Example_frames sends a frame, and reads it again.
func Example_frames() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, frames, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer w.Close()
		if err := w.WriteLines([][]byte{{0, 0, 0, 5}, []byte("frame")}); err != nil {
			return err
		}
		frame, err := r.ReadExactly(ctx, 9)
		fmt.Printf("%q\n", bytes.TrimLeft(frame, "\x00"))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: "\x05frame"
}
