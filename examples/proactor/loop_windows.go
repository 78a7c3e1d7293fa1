package main

import (
	"errors"
	"log"

	"github.com/go-asyncio/asyncio"
)

// newLoop makes a loop over completion ports.
func newLoop() (asyncio.EventLoop, error) {
	loop, err := asyncio.NewProactorEventLoop(nil)
	if err == nil {
		return loop, nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	log.Print(err)
	return asyncio.NewEventLoop()
}
