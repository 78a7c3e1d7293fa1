package asyncio_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
)

// TestUnixAbstract: names that are no files, and go with their sockets.
func TestUnixAbstract(t *testing.T) {
	t.Parallel()
	for what, first := range map[string]string{"at": "@", "zero": "\x00"} {
		unixRow(t, what, func(n *netTest, path string) {
			n.run(func(ctx context.Context) {
				name := fmt.Sprint("asyncio-", os.Getpid(), path)
				for range 2 {
					s := n.serveUnix(ctx, first+name, nil, echoes)
					if got := s.Addrs()[0].String(); got != "@"+name {
						n.Errorf("listens on %q", got)
					}
					n.talks(ctx, "@"+name)
					n.ends(ctx, s)
					n.until(ctx, "the name's end", func() bool { // over io_uring it is cancelled first what accepts
						c, err := net.Dial("unix", "@"+name)
						if err == nil {
							c.Close()
						}
						return err != nil
					})
				}
				if n.exists("@"+name) || n.exists(path) {
					n.Error("a file was made")
				}
			})
		})
	}
}
