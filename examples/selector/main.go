// Selector makes a loop over a selector of one's choice and sets it as the
// current one: the first example of Python's page on event loops.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/selectors"
)

func run() error {
	selector, err := selectors.NewSelectSelector()
	if err != nil {
		return err
	}
	loop, err := asyncio.NewSelectorEventLoop(selector)
	if err != nil {
		return err
	}
	defer func() {
		if err := loop.Close(); err != nil {
			log.Print(err)
		}
	}()
	if err := asyncio.SetEventLoop(loop); err != nil {
		return err
	}

	// From here on it is what this goroutine's GetEventLoop returns.
	current, err := asyncio.GetEventLoop()
	if err != nil {
		return err
	}
	fmt.Println("the current loop is the one over select:", current == asyncio.EventLoop(loop))
	task := asyncio.CreateTask(current, func(ctx context.Context) (string, error) {
		return "a result", asyncio.Sleep(ctx, time.Millisecond)
	})
	if err := current.RunUntilComplete(task); err != nil {
		return err
	}
	result, err := task.Result()
	fmt.Println("its task had", result)
	return err
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
