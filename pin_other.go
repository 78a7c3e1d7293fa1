//go:build !linux

package asyncio

import (
	"errors"
	"fmt"
	"runtime"
)

func setThreadAffinity([]int) error {
	return fmt.Errorf("%w on %s: choosing processors; use WithPinnedThread without any", errors.ErrUnsupported, runtime.GOOS)
}
