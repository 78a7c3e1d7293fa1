package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// TempDir is t.TempDir for files without folders: Wine 8 refuses the call by which that is
// removed.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "asyncio-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range append(files, dir) {
			if err := os.Remove(f); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}
