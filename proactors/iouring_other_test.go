//go:build !linux

package proactors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

func TestNoIOUring(t *testing.T) {
	t.Parallel()
	for _, open := range []func() (proactors.Proactor, error){proactors.NewIOUringProactor, proactors.NewPinnedIOUringProactor} {
		p, err := open()
		if p != nil || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "io_uring") || !strings.Contains(err.Error(), "selector") {
			t.Errorf("%v, %v", p, err)
		}
	}
}
