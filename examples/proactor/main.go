// Proactor makes a loop over completion ports on Windows, and takes the default
// elsewhere: the second example of Python's page on event loops. Where this
// version of the library has no proactor it says so, and the program goes on with
// the default.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

// run has the loop that suits the system best, of loop_windows.go or loop_other.go, say
// hello.
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
