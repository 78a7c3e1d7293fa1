package proactors_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

// forEach runs f as a subtest for each form of the proactor that there is here.
func forEach(t *testing.T, f func(t *testing.T, open func() (proactors.Proactor, error))) {
	t.Run("iocp", func(t *testing.T) { f(t, proactors.NewIOCPProactor) })
}
