//go:build !linux

package load

import (
	"errors"
	"fmt"
	"runtime"
)

// Run needs Linux: elsewhere it fails with errors.ErrUnsupported.
func Run(config Config) (*Result, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("load: %w on %s: it is written over bare epoll, run it on Linux", errors.ErrUnsupported, runtime.GOOS)
}
