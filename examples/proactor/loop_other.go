//go:build !windows

package main

import "github.com/go-asyncio/asyncio"

// newLoop makes the default loop.
func newLoop() (asyncio.EventLoop, error) { return asyncio.NewEventLoop() }
