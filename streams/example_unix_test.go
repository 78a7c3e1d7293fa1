//go:build unix

package streams_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// ExampleStartUnixServer serves at a path. Windows has unix sockets, too, since Windows 10.
func ExampleStartUnixServer() {
	dir, err := os.MkdirTemp("", "tea")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		path := filepath.Join(dir, "socket")
		server, err := streams.StartUnixServer(ctx, func(_ context.Context, _ *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			_, err := fmt.Fprint(w, "tea")
			return err
		}, path, nil)
		if err != nil {
			return err
		}
		defer server.Close() // removes the file
		r, w, err := streams.OpenUnixConnection(ctx, path, nil)
		if err != nil {
			return err
		}
		defer w.Close()
		what, err := r.ReadAll(ctx)
		fmt.Printf("%s\n", what)
		return err
	})
	if err != nil {
		log.Print(err)
	}
	// Output: tea
}
