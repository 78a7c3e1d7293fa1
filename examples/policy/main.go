// Policy embeds the default policy and overrides a part of it: the third example
// of Python's page on event loops.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// MyEventLoopPolicy hears of every loop that it gives out or makes.
type MyEventLoopPolicy struct {
	*asyncio.DefaultEventLoopPolicy
}

// GetEventLoop gets the loop for the current context.
func (p MyEventLoopPolicy) GetEventLoop() (asyncio.EventLoop, error) {
	loop, err := p.DefaultEventLoopPolicy.GetEventLoop()
	fmt.Println("a loop was asked for; there is one:", err == nil)
	return loop, err
}

// NewEventLoop is what the embedded GetEventLoop calls, too.
func (p MyEventLoopPolicy) NewEventLoop() (asyncio.EventLoop, error) {
	loop, err := p.DefaultEventLoopPolicy.NewEventLoop()
	fmt.Println("a loop was made")
	return loop, err
}

func run() error {
	asyncio.SetEventLoopPolicy(MyEventLoopPolicy{asyncio.NewDefaultEventLoopPolicy()})

	// The main goroutine gets a loop at first use,
	loop, err := asyncio.GetEventLoop()
	if err != nil {
		return err
	}
	err = loop.RunUntilComplete(asyncio.CreateTask(loop, func(context.Context) (struct{}, error) {
		running, err := asyncio.GetEventLoop() // in a loop, the policy is not asked
		fmt.Println("the task sees the same loop:", running == loop)
		return struct{}{}, err
	}))
	if err != nil {
		return err
	}

	// other goroutines have none until they set one.
	elsewhere := make(chan error)
	go func() {
		_, err := asyncio.GetEventLoop()
		elsewhere <- err
	}()
	fmt.Println("no loop elsewhere:", errors.Is(<-elsewhere, asyncio.ErrNoCurrentLoop))
	return loop.Close()
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
