//go:build linux || windows

package proactors_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/proactors/proactortest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	forEach(t, proactortest.TestProactor)
}

func TestSuiteAllocations(t *testing.T) { forEach(t, proactortest.TestAllocations) }

// TestSuiteManyOperations: more than the queues of an io_uring hold.
func TestSuiteManyOperations(t *testing.T) {
	forEach(t, func(t *testing.T, open func() (proactors.Proactor, error)) {
		proactortest.TestManyOperations(t, open, 13_000)
	})
}
