package asynciotest_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// TestSelectorEventLoop runs the suite over every selector of the machine.
func TestSelectorEventLoop(t *testing.T) {
	for _, s := range []struct {
		name string
		make func() (selectors.Selector, error)
	}{
		{"select", func() (selectors.Selector, error) { return selectors.NewSelectSelector() }},
		{"poll", func() (selectors.Selector, error) { return selectors.NewPollSelector() }},
		{"epoll", func() (selectors.Selector, error) { return selectors.NewEpollSelector() }},
	} {
		t.Run(s.name, func(t *testing.T) {
			if sel, err := s.make(); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			} else if err == nil {
				sel.Close()
			}
			asynciotest.TestLoop(t, func() (asyncio.EventLoop, error) {
				sel, err := s.make()
				if err != nil {
					return nil, err
				}
				// Some tests have errors logged, and a loop closed that is in use.
				return asyncio.NewSelectorEventLoop(sel, asyncio.WithLogger(slog.New(slog.DiscardHandler)))
			})
		})
	}
}

// TestProactorEventLoop runs the suite over every proactor of the machine.
func TestProactorEventLoop(t *testing.T) {
	for _, p := range []struct {
		name string
		make func() (proactors.Proactor, error)
	}{
		{"uring", proactors.NewIOUringProactor},
		{"uring-pinned", proactors.NewPinnedIOUringProactor},
		{"iocp", proactors.NewIOCPProactor},
	} {
		t.Run(p.name, func(t *testing.T) {
			if pro, err := p.make(); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			} else if err == nil {
				pro.Close()
			}
			asynciotest.TestLoop(t, func() (asyncio.EventLoop, error) {
				pro, err := p.make()
				if err != nil {
					return nil, err
				}
				return asyncio.NewProactorEventLoop(pro)
			})
		})
	}
}
