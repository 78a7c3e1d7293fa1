//go:build unix

package testkit

import (
	"errors"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
)

// Pipe makes a pipe whose ends are fit for an engine, and the caller's.
func Pipe() (r, w uintptr, err error) {
	rf, wf, err := os.Pipe()
	if err != nil {
		return 0, 0, err
	}
	r, rErr := system.Sockets{}.TakePipe(rf, engine.Read)
	w, wErr := system.Sockets{}.TakePipe(wf, engine.Write)
	return r, w, errors.Join(rErr, wErr)
}
