package completion

import "github.com/go-asyncio/asyncio/internal/sock"

// checkDescriptor reports an error for what is no socket: of a pipe, which a proactor takes
// here, too, Windows does not tell when it is ready to be written.
func checkDescriptor(fd uintptr) error { return sock.Pollable(fd) }
