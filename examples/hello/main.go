// Hello runs one coroutine on a loop: it waits without holding anything up.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func main() {
	n, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		fmt.Println("hello")
		if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
			return 0, err
		}
		fmt.Println("world")
		return 42, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("main returned", n)
}
