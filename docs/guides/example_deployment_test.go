package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/go-asyncio/asyncio"
)

func newLoop() (asyncio.EventLoop, error) {
	loop, err := asyncio.NewProactorEventLoop(nil)
	if errors.Is(err, errors.ErrUnsupported) {
		slog.Info("no completion here, using readiness", "why", err)
		return asyncio.NewSelectorEventLoop(nil)
	}
	return loop, err
}

// Example_newLoop runs on whatever the machine has.
func Example_newLoop() {
	answer, err := asyncio.Run(context.Background(), func(context.Context) (int, error) {
		return 42, nil
	}, asyncio.WithLoopFactory(newLoop))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: 42
}
