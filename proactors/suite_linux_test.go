package proactors_test

import (
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

// forEach runs f as a subtest for each form of the proactor that there is here.
func forEach(t *testing.T, f func(t *testing.T, open func() (proactors.Proactor, error))) {
	for _, c := range []struct {
		name string
		open func() (proactors.Proactor, error)
	}{
		{"uring", proactors.NewIOUringProactor},
		{"uring-pinned", proactors.NewPinnedIOUringProactor},
		{"uring-plain", proactors.NewPlainIOUringProactor},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := c.open()
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			f(t, c.open)
		})
	}
}
