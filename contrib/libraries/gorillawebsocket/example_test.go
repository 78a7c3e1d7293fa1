package gorillawebsocket_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorilla/websocket"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/gorillawebsocket"
	"github.com/go-asyncio/asyncio/streams"
)

// echo serves one client.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	ws, _, err := gorillawebsocket.Accept(ctx, &websocket.Upgrader{}, r, w)
	if err != nil {
		return err
	}
	for {
		kind, data, err := ws.ReadMessage() // only this coroutine waits
		if err != nil {
			return nil
		}
		if err := ws.WriteMessage(kind, data); err != nil {
			return err
		}
	}
}

// Example has a server and a client on one loop.
func Example() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		ws, _, err := gorillawebsocket.Dial(ctx, server.GetLoop(), "ws://"+server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer server.WaitClosed(ctx)
		defer server.Close()
		defer ws.Close()
		if err := ws.WriteMessage(websocket.TextMessage, []byte("over the loop")); err != nil {
			return err
		}
		_, data, err := ws.ReadMessage()
		fmt.Println(string(data))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: over the loop
}
