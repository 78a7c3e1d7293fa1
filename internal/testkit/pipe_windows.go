package testkit

import "github.com/go-asyncio/asyncio/internal/sock"

// Pipe makes a pipe whose ends are fit for an engine, and the caller's.
func Pipe() (r, w uintptr, err error) { return sock.OpenPipe(true, true) }
