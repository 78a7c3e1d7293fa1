// Package folder makes folders for tests that run under Wine, too.
package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// New makes a folder that is removed at the end of the test, with what is in it: file by
// file, because Wine 8 lacks what [os.RemoveAll], and so [testing.T.TempDir], begins with
// on Windows. What cannot be removed fails the test: on Windows a file that is still open.
func New(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "asyncio-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		t.Helper()
		var all []string
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			all = append(all, path)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for _, path := range slices.Backward(all) { // what is in a folder before the folder
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}
