// Http_server serves HTTP in coroutines of one loop: the handlers share a counter and a list
// of those who wait, without a lock, since one goroutine runs them all, and one handler waits
// for another. The clients are net/http's own, on goroutines. At the end the server answers
// what it is at, and is gone.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
	"github.com/go-asyncio/asyncio/nethttp"
)

// board is what the handlers share.
type board struct {
	visits int
	waits  []*asyncio.Future[string]
	here   locks.Event // somebody waits
}

// visit counts.
func (b *board) visit(w http.ResponseWriter, r *http.Request) {
	b.visits++
	fmt.Fprintln(w, "welcome")
}

// listen answers when somebody speaks, which suspends this coroutine alone.
func (b *board) listen(w http.ResponseWriter, r *http.Request) {
	said := asyncio.NewFuture[string](nil)
	b.waits = append(b.waits, said)
	b.here.Set()
	text, err := said.Await(r.Context()) // which is done when the client goes
	if err != nil {
		return
	}
	fmt.Fprintln(w, "heard:", text)
}

// speak passes its body on to those who listen, once there is somebody.
func (b *board) speak(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if b.here.Wait(r.Context()) != nil {
		return
	}
	for _, said := range b.waits {
		_ = said.SetResult(string(text)) // fails if the client has gone
	}
	b.waits = nil
	b.here.Clear()
}

// get returns an answer, as any client would.
func get(resp *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// clients visits the server from goroutines.
func clients(url string) (heard string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { get(client.Get(url + "/")) })
	}
	all.Go(func() { heard = get(client.Get(url + "/listen")) })
	all.Go(func() { get(client.Post(url+"/speak", "text/plain", strings.NewReader("hello"))) })
	all.Wait()
	return heard
}

func run(ctx context.Context) (struct{}, error) {
	none := struct{}{}
	b := &board{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.visit)
	mux.HandleFunc("GET /listen", b.listen)
	mux.HandleFunc("POST /speak", b.speak)
	server, err := nethttp.Serve(ctx, mux, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return none, err
	}
	heard, err := asyncio.ToThread(ctx, func() (string, error) {
		return clients("http://" + server.Addr().String()), nil
	})
	if err != nil {
		return none, err
	}
	fmt.Println("visits:", b.visits)
	fmt.Print(heard)
	return none, server.Shutdown(ctx)
}

func main() {
	if _, err := asyncio.Run(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
