package proactors_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors/proactortest"
)

func TestPipes(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, open opener) {
		proactortest.TestPipes(t, open, func() (r, w uintptr, err error) { return sock.OpenPipe(true, true) })
	})
}
