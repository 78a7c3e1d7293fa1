// Program example runs JavaScript on an event loop: a script that fetches from a server in
// this program, waits, and gives up what takes too long, next to a coroutine of Go's.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
)

//go:embed script.js
var script string

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/greet", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"greeting": "hello, %s"}`, q.FormValue("name"))
	})
	mux.HandleFunc("/never", func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()

	js, err := gojaloop.New(nil)
	if err != nil {
		return err
	}
	defer js.Close()

	// What the script finds beside the names of browsers: a text, and a Go function that waits.
	_, err = js.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
		err := vm.Set("shout", func(call goja.FunctionCall) goja.Value {
			text := call.Argument(0).String()
			return gojaloop.Start(js, func(ctx context.Context) (string, error) {
				return text + "!", asyncio.Sleep(ctx, time.Millisecond)
			})
		})
		return nil, errors.Join(err, vm.Set("site", server.URL))
	})
	if err != nil {
		return err
	}
	result, err := js.Eval(ctx, script)
	if err != nil {
		return err
	}
	fmt.Println("result:", result)

	// A script that never ends is ended with its context; the loop goes on.
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err = js.Eval(short, "for (;;) {}")
	fmt.Println("endless loop:", errors.Is(err, context.DeadlineExceeded))
	return nil
}
