package proactors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (proactors.Proactor, error){

		"IOCP": proactors.NewIOCPProactor,
	} {
		p, err := make()
		if p != nil || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "selector") {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}
