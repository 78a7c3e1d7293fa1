//go:build linux || darwin || dragonfly || freebsd || solaris

package asyncio_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestSendfileOfTheSystem: what only a system can show that sends files by itself.
func TestSendfileOfTheSystem(t *testing.T) {
	t.Parallel()
	noFallback := &asyncio.SendfileOptions{NoFallback: true}
	odd := errors.New("odd")
	second := func(call int, n int64) (int, error) {
		if call > 1 {
			return 0, odd
		}
		return 1000, nil
	}
	filingRow(t, "unix.030b.sendfile-other-error", second, func(ctx context.Context, s *sender) {
		f := fileOf(s, fileData)
		n, err := s.l.Sendfile(ctx, s.transport, f, nil)
		want(s, "sent", n, 1000)
		wantError(s, err, odd)
		want(s, "position", positionOf(s, f), 1000)
		s.transport.Write([]byte("goes on"))
		s.gets(ctx, fileData[:1000], []byte("goes on"))
	})
	clearRow(t, "unix.029.sendfile-would-block", func(ctx context.Context, s *sender) {
		s.check(s.peer.transport.PauseReading())
		f := fileOf(s, large)
		sending := asyncio.Go(ctx, func(ctx context.Context) (int64, error) {
			return s.l.Sendfile(ctx, s.transport, f, noFallback)
		})
		fd := s.transport.GetExtraInfo("socket").(uintptr)
		s.until(ctx, "the system to be full", func() bool { return strings.Contains(s.interest(fd), "write") })
		s.check(s.peer.transport.ResumeReading())
		k, err := sending.Await(ctx)
		want(s, "sent", k, int64(len(large)))
		s.check(err)
		s.gets(ctx, large)
		want(s, "position", positionOf(s, f), int64(len(large)))
	})
	for _, row := range []string{"unix.028a.sendfile-cancel-before-step", "unix.028b.sendfile-cancel-then-step"} {
		clearRow(t, row, func(ctx context.Context, s *sender) {
			s.check(s.peer.transport.PauseReading())
			f := fileOf(s, large)
			var k int64
			sending := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
				k, err = s.l.Sendfile(ctx, s.transport, f, noFallback)
				return err
			})
			fd := s.transport.GetExtraInfo("socket").(uintptr)
			s.until(ctx, "the system to be full", func() bool { return strings.Contains(s.interest(fd), "write") })
			if strings.HasPrefix(row, "unix.028b") {
				s.check(s.peer.transport.ResumeReading()) // so that there is a step to be taken
			}
			sending.Cancel()
			_, err := sending.Await(ctx)
			wantError(s, err, asyncio.ErrCancelled)
			want(s, "looked for", strings.Contains(s.interest(fd), "write"), false)
			want(s, "position", positionOf(s, f), k)
			s.check(s.peer.transport.ResumeReading())
			_, err = s.transport.Write([]byte("after"))
			s.check(err)
			s.gets(ctx, large[:k], []byte("after"))
		})
	}
	clearRow(t, "peer-closes-in-the-middle", func(ctx context.Context, s *sender) {
		f := fileOf(s, large)
		s.peer.onData = func([]byte) { s.peer.transport.Abort() }
		k, err := s.l.Sendfile(ctx, s.transport, f, noFallback)
		if err == nil || k == 0 || k >= int64(len(large)) {
			s.Errorf("Sendfile = %d, %v", k, err)
		}
		want(s, "position", positionOf(s, f), k)
		s.until(ctx, "the end of the transport", func() bool { return s.protocol.lost })
	})
}
