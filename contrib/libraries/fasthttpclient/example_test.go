package fasthttpclient_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/fasthttpclient"
	"github.com/go-asyncio/asyncio/contrib/libraries/fasthttpserver"
)

// Example has a server and a client of fasthttp on one loop: all of it runs on one goroutine.
func Example() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		visits := 0
		server, err := fasthttpserver.Start(ctx, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			visits++
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil { // only this coroutine waits
				ctx.Error(err.Error(), fasthttp.StatusServiceUnavailable)
				return
			}
			fmt.Fprintf(ctx, "%s has come as number %d", ctx.Path()[1:], visits)
		}}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.CloseClients()
		defer server.Close()
		return visit(server.GetLoop(), server.Addrs()[0].String())
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 200 ann has come as number 1
}

// visit asks the server, in the coroutine that calls it.
func visit(loop asyncio.EventLoop, address string) error {
	client := &fasthttp.HostClient{Addr: address, Dial: fasthttpclient.Dial(loop), MaxIdleConnDuration: time.Second}
	defer client.CloseIdleConnections()
	status, body, err := client.Get(nil, "http://"+address+"/ann")
	if err != nil {
		return err
	}
	fmt.Println(status, string(body))
	return nil
}
