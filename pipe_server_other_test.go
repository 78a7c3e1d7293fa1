//go:build !windows

package asyncio_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestNamedPipes: where pipes have no names of their own it is said what to use instead.
func TestNamedPipes(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Proactors, func(t *testing.T) {
		n := newNetTest(t)
		l := n.l.(*asyncio.ProactorEventLoop)
		n.run(func(ctx context.Context) {
			factory := func() asyncio.Protocol { return &recorder{} }
			_, err := l.StartServingPipe(ctx, factory, `\\.\pipe\lights`)
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "CreateUnixServer") {
				n.Error(err)
			}
			_, _, err = l.CreatePipeConnection(ctx, factory, `\\.\pipe\lights`)
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "CreateUnixConnection") {
				n.Error(err)
			}
		})
	})
}
