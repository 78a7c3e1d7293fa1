package asyncio_test

import (
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// namedPolicy is the default policy, but for what it says of each loop that it makes.
type namedPolicy struct {
	*asyncio.DefaultEventLoopPolicy
}

// NewEventLoop makes a loop as the default policy does.
func (p namedPolicy) NewEventLoop() (asyncio.EventLoop, error) {
	fmt.Println("a loop is made")
	return p.DefaultEventLoopPolicy.NewEventLoop()
}

// ExampleSetEventLoopPolicy has a policy of one's own decide how loops are made.
func ExampleSetEventLoopPolicy() {
	asyncio.SetEventLoopPolicy(namedPolicy{asyncio.NewDefaultEventLoopPolicy()})
	defer asyncio.SetEventLoopPolicy(nil) // the default one again
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	if err := loop.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: a loop is made
}
