package proactors

import (
	"errors"
	"fmt"
	"runtime"
)

// unsupported says that the machine has no such proactor, and what there is.
func unsupported(what string) (Proactor, error) {
	return nil, fmt.Errorf("proactors: %s: %w on %s; use a selector", what, errors.ErrUnsupported, runtime.GOOS)
}
