package platform

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/subprocess"
)

// trySubprocess runs this program and reads what it prints.
func trySubprocess(ctx context.Context, _ asyncio.EventLoop) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := subprocess.Exec(ctx, &subprocess.Options{Stdout: subprocess.Pipe}, self, "version")
	if err != nil {
		return err
	}
	out, _, err := p.Communicate(ctx, nil)
	if code, known := p.Returncode(); err == nil && (!known || code != 0 || !bytes.HasPrefix(out, []byte("asyncio "))) {
		err = fmt.Errorf("%s ended with %d and printed %q", self, code, out)
	}
	return err
}
