// Proactor makes a loop over completion ports on Windows, and takes the default
// elsewhere: the second example of Python's page on event loops. Where this
// version of the library has no proactor it says so, and the program goes on with
// the default.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio"
)

// newLoop makes the loop that suits the system best.
func newLoop() (asyncio.EventLoop, error) {
	if runtime.GOOS == "windows" {
		loop, err := asyncio.NewProactorEventLoop(nil)
		if err == nil {
			return loop, nil
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		log.Print(err)
	}
	return asyncio.NewEventLoop()
}

func run() error {
	loop, err := newLoop()
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
	return loop.RunUntilComplete(asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		fmt.Println("hello from the loop")
		return struct{}{}, asyncio.Sleep(ctx, time.Millisecond)
	}))
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
