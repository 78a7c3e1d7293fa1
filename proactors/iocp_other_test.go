//go:build !windows

package proactors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

func TestNoIOCP(t *testing.T) {
	t.Parallel()
	p, err := proactors.NewIOCPProactor()
	if p != nil || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "IOCP") || !strings.Contains(err.Error(), "selector") {
		t.Errorf("%v, %v", p, err)
	}
}
