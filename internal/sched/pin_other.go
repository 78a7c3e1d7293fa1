//go:build !linux

package sched

import (
	"errors"
	"fmt"
	"runtime"
)

func setThreadAffinity([]int) error {
	return fmt.Errorf("%w on %s: choosing processors", errors.ErrUnsupported, runtime.GOOS)
}
