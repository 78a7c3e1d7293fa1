package asynciotest

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// fileCases are the behaviours of files that are sent.
var fileCases = []behaviour{
	{"sockets.018a.sendfile-transport", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			f := e.file(large)
			e.sendfile(ctx, l, t, f, nil, len(large))
			peer.expect(ctx, large)
			e.position(f, len(large))
		})
	}},
	{"sockets.018b.sendfile-fallback-forced", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			f := strings.NewReader(large)
			e.sendfile(ctx, l, t, f, nil, len(large))
			peer.expect(ctx, large)
			e.position(f, len(large))
		})
	}},
	{"sockets.021.sendfile-pre-post-data", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			for _, f := range []io.Reader{e.file(large), strings.NewReader(large)} {
				_, err := t.Write([]byte("before"))
				e.must(err)
				e.sendfile(ctx, l, t, f, nil, len(large))
				_, err = t.Write([]byte("after"))
				e.must(err)
				peer.expect(ctx, "before"+large+"after")
			}
		})
	}},
	{"sockets.022.sendfile-partial", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			for _, f := range []io.ReadSeeker{e.file(large), strings.NewReader(large)} {
				e.sendfile(ctx, l, t, f, &asyncio.SendfileOptions{Offset: 1000, Count: 100}, 100)
				peer.expect(ctx, large[1000:1100])
				e.position(f, 1100)
			}
		})
	}},
	{"sockets.020.sendfile-closing-transport", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			e.must(t.Close())
			f := e.file(large)
			n, err := l.Sendfile(ctx, t, f, nil)
			want(e, "sent", n, 0)
			want(e, "refused", err != nil, true)
			e.position(f, 0)
		})
	}},
	{"sockets.025.sendfile-blocks-write", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			e.must(peer.transport.PauseReading())
			much := strings.Repeat(large, 60)
			sending := asyncio.Go(ctx, func(ctx context.Context) (int64, error) {
				return l.Sendfile(ctx, t, e.file(much), nil)
			})
			for range 5 {
				e.must(asyncio.Sleep(ctx, 0))
			}
			_, err := t.Write([]byte("meanwhile"))
			e.wantIs(err, asyncio.ErrSendfileInProgress)
			e.must(peer.transport.ResumeReading())
			n, err := sending.Await(ctx)
			e.must(err)
			want(e, "sent", n, int64(len(much)))
			peer.expect(ctx, much)
		})
	}},
	{"base.087.sendfile-no-fallback", func(e *env) {
		e.sends(func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer) {
			f := strings.NewReader(large)
			n, err := l.Sendfile(ctx, t, f, &asyncio.SendfileOptions{NoFallback: true})
			want(e, "sent", n, 0)
			e.wantIs(err, asyncio.ErrSendfileNotAvailable)
			e.position(f, 0)
		})
	}},
}

// large is more than goes in one piece.
var large = string(bytes.Repeat([]byte("0123456789abcdef"), 20_000))

// sends runs f in a coroutine with the transport of a connection and who is at its other
// end.
func (e *env) sends(f func(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, peer *peer)) {
	e.Helper()
	e.served(newPeer, func(ctx context.Context, c *conversation) {
		client := c.connect(ctx)
		server := c.accepted(ctx)
		f(ctx, c.loop, server.transport, client)
		e.must(client.transport.Close())
		client.lost.wait(ctx)
		server.lost.wait(ctx)
	})
}

// file makes a file of this text.
func (e *env) file(text string) *os.File {
	e.Helper()
	path := filepath.Join(folder.New(e), "file")
	e.must(os.WriteFile(path, []byte(text), 0o600))
	f, err := os.Open(path)
	e.must(err)
	e.Cleanup(func() { e.must(f.Close()) })
	return f
}

// sendfile sends a file and checks how many bytes have gone.
func (e *env) sendfile(ctx context.Context, l asyncio.EventLoop, t asyncio.Transport, f io.Reader, opts *asyncio.SendfileOptions, size int) {
	e.Helper()
	n, err := l.Sendfile(ctx, t, f, opts)
	e.must(err)
	want(e, "sent", n, int64(size))
}

// position checks where a file is read next.
func (e *env) position(f io.Seeker, at int) {
	e.Helper()
	now, err := f.Seek(0, io.SeekCurrent)
	e.must(err)
	want(e, "position", now, int64(at))
}
