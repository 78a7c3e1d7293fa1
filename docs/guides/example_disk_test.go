package guides

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// replace replaces the journal as a whole, so that each crash leaves the old one or the new one.
func replace(ctx context.Context, p []byte) error {
	d := simulation.HostOf(ctx).Disk()
	f, err := d.OpenFile("journal.new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil { // what is in it is safe
		return err
	}
	if err := d.Rename("journal.new", "journal"); err != nil {
		return err
	}
	return d.SyncDir(".") // and its name
}

// TestJournal crashes a host that replaces its journal again and again.
func TestJournal(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		h := w.Host("server")
		h.Disk().SetConditions(simulation.DiskConditions{Sync: simulation.Between(time.Millisecond, 3*time.Millisecond)})
		safe := byte(0)
		h.Start(func(ctx context.Context) error {
			p, err := fs.ReadFile(simulation.HostOf(ctx).Disk(), "journal")
			if err != nil && safe > 0 || len(p) > 0 && (p[0] < safe || !bytes.Equal(p, bytes.Repeat(p[:1], 5000))) {
				w.Errorf("after the journal's version %d: %d bytes, %v", safe, len(p), err)
			}
			for version := safe + 1; ; version++ {
				if _, err := asyncio.ToThread(ctx, func() (int, error) {
					return 0, replace(ctx, bytes.Repeat([]byte{version}, 5000))
				}); err != nil {
					return err
				}
				safe = version
			}
		})
		for range 20 {
			w.RunFor(17 * time.Millisecond)
			h.Restart()
		}
		h.Crash()
		if safe < 20 {
			w.Errorf("it came to version %d", safe)
		}
	})
}
