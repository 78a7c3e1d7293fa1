package proactors_test

import (
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/proactors/proactortest"
)

type opener = func() (proactors.Proactor, error)

// forEach runs f as a subtest for each form of a proactor that there is here.
func forEach(t *testing.T, f func(t *testing.T, open opener)) {
	for _, info := range append(proactors.Available(), proactors.AvailablePlain()...) {
		if errors.Is(info.Err, errors.ErrUnsupported) {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			if info.Err != nil {
				t.Fatal(info.Err)
			}
			f(t, info.New)
		})
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	forEach(t, proactortest.TestProactor)
}

func TestSuiteAllocations(t *testing.T) { forEach(t, proactortest.TestAllocations) }

// TestSuiteManyOperations: more than the queues of an io_uring hold.
func TestSuiteManyOperations(t *testing.T) {
	forEach(t, func(t *testing.T, open opener) {
		proactortest.TestManyOperations(t, open, 13_000)
	})
}
