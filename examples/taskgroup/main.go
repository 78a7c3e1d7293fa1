// Taskgroup binds tasks to a function: when one fails the others are cancelled,
// and nothing is left running when the group is over.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

var errUnreachable = errors.New("mirror is unreachable")

func fetch(name string, d time.Duration, err error) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if e := asyncio.Sleep(ctx, d); e != nil {
			fmt.Println(name, "given up:", e)
			return "", e
		}
		return "contents of " + name, err
	}
}

func main() {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		var index, data *asyncio.Task[string]
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			index = asyncio.GroupGo(g, fetch("index", time.Millisecond, nil))
			data = asyncio.GroupGo(g, fetch("data", 2*time.Millisecond, nil))
			return nil
		})
		if err != nil {
			return struct{}{}, err
		}
		for _, task := range []*asyncio.Task[string]{index, data} {
			contents, err := task.Result() // the group is over, so it is there
			fmt.Println(contents, err)
		}

		err = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, fetch("archive", time.Hour, nil))
			asyncio.GroupGo(g, fetch("mirror", time.Millisecond, errUnreachable))
			return nil
		})
		fmt.Println(err)
		fmt.Println("one of them:", errors.Is(err, errUnreachable))
		return struct{}{}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
