package house

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// machine matches what belongs to one person's machine or network and has no
// place in a repository: home and work folders, and package registries (which
// are everybody's own choice, by environment). The pattern is put together so
// that it does not match itself.
var machine = regexp.MustCompile(strings.Join([]string{
	`(^|[^\w.])/(ho` + `me|Users)/\w`,
	`(^|[^\w.])/(ro` + `ot|wo` + `rk|workspace)/[\w.]`,
	`\b(proxy|sum)\.go` + `lang\.org`, `\bpy` + `pi\.org`, `\breg` + `istry\.\w+\.\w`, `\bdeb\.deb` + `ian\.org`, `\bgo` + `proxy\.`,
}, "|"))

// TestNoMachineIsNamed looks at every text file of the repository.
func TestNoMachineIsNamed(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == "bin" || d.Name() == "__pycache__" {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || d.Name() == ".git" { // of a work tree beside its repository
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil // not text
		}
		for n, line := range strings.Split(string(text), "\n") {
			if found := machine.FindString(line); found != "" {
				t.Errorf("%s:%d names %q", p, n+1, strings.TrimSpace(found))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMachinePattern: the pattern finds what it is for, and nothing else.
func TestMachinePattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"see /ho" + "me/ann/x":                   true,
		"cd /wo" + "rk/main":                     true,
		"GOPROXY=https://proxy.go" + "lang.org":  true,
		"/proc/self/fd and /dev/poll":            false,
		"testdata/work/x, ../root/y, a/home/b":   false,
		"golang.org/x/sys, https://go.dev/ref":   false,
		"the root/ of a tree, /tmp/x, /etc/root": false,
	} {
		if got := machine.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
