package guides

import (
	"context"
	"fmt"

	"github.com/go-asyncio/asyncio/streams"
)

// echo serves a connection by writing what it reads.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// heard makes sure that a server answers "hear" as it should.
func heard(ctx context.Context, address, want string) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := w.Write([]byte("hear\n")); err != nil {
		return err
	}
	line, err := r.ReadLine(ctx)
	if err == nil && string(line) != want {
		err = fmt.Errorf("the server answered %q", line)
	}
	return err
}
