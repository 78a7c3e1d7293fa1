package proactors_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

// TestUnsupported: every constructor is there, and says where it does not work.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open func() (proactors.Proactor, error)
		on   string
	}{
		"io_uring": {proactors.NewIOUringProactor, "linux"},
		"IOCP":     {proactors.NewIOCPProactor, "windows"},
	} {
		if c.on == runtime.GOOS {
			continue
		}
		p, err := c.open()
		if p != nil || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "selector") {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}
