// Command streams_conn gives connections of an event loop to Go libraries that
// know nothing of loops: net/http reads and writes the requests and responses,
// bufio buffers. Where they would block, only their coroutine is suspended: server
// and client run on the same goroutine.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// serve answers the requests of one connection.
func serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	conn := streams.Conn(ctx, r, w)
	defer conn.Close()
	requests := bufio.NewReader(conn)
	for {
		// Nobody is waited for longer than this, neither here nor when we write.
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		req, err := http.ReadRequest(requests)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		body := fmt.Sprintf("you asked for %s", req.URL.Path)
		resp := http.Response{
			StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: req,
			ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		}
		if err := resp.Write(conn); err != nil {
			return err
		}
	}
}

func run(ctx context.Context) (struct{}, error) {
	none := struct{}{}
	server, err := streams.StartServer(ctx, serve, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return none, err
	}
	defer server.Close()

	r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
	if err != nil {
		return none, err
	}
	conn := streams.Conn(ctx, r, w)
	defer conn.Close()
	responses := bufio.NewReader(conn)
	for _, path := range []string{"/", "/one", "/two"} {
		req, err := http.NewRequestWithContext(ctx, "GET", "http://example.test"+path, nil)
		if err != nil {
			return none, err
		}
		if err := req.Write(conn); err != nil {
			return none, err
		}
		resp, err := http.ReadResponse(responses, req)
		if err != nil {
			return none, err
		}
		body, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return none, err
		}
		fmt.Println(resp.Status+":", string(body))
	}

	// A deadline that passes while nothing comes.
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		return none, err
	}
	_, err = responses.ReadByte()
	fmt.Println("nothing more came in time:", os.IsTimeout(err))
	return none, nil
}

func main() {
	if _, err := asyncio.Run(context.Background(), run); err != nil {
		fmt.Fprintln(os.Stderr, "streams_conn:", err)
		os.Exit(1)
	}
}
