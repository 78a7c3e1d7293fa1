package proactors_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
)

// TestAvailable: the list has every mechanism on every system. One that works is what it
// is said to be; the constructor of one that does not exist here says so, and what to use.
func TestAvailable(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	missing := 0
	for _, info := range proactors.Available() {
		if names[info.Name] {
			t.Errorf("%s is listed twice", info.Name)
		}
		names[info.Name] = true
		if info.Works != (info.Err == nil) || info.Default && !info.Works {
			t.Errorf("%+v", info)
		}
		p, err := info.New()
		if !info.Works {
			missing++
			if p != nil || !errors.Is(err, errors.ErrUnsupported) || !errors.Is(info.Err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "selector") {
				t.Errorf("%s: %v, %v, %v", info.Name, p, err, info.Err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s works, and its constructor says %v", info.Name, err)
			continue
		}
		if !strings.HasPrefix(info.Name, strings.ToLower(p.Name())) || p.Pinned() != info.Pinned {
			t.Errorf("%+v: it is %s, pinned %v", info, p.Name(), p.Pinned())
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"io_uring", "io_uring-pinned", "iocp"} {
		if !names[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	if missing == 0 {
		t.Errorf("no system has every mechanism, and %s has", runtime.GOOS)
	}
}

// TestAvailableDefault: the one that is marked is what NewDefaultProactor makes.
func TestAvailableDefault(t *testing.T) {
	t.Parallel()
	var marked []string
	for _, info := range proactors.Available() {
		if info.Default {
			marked = append(marked, info.Name)
		}
	}
	p, err := proactors.NewDefaultProactor()
	if err != nil {
		if len(marked) > 0 || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the default is %v, and making it is %v", marked, err)
		}
		return
	}
	if len(marked) != 1 || marked[0] != strings.ToLower(p.Name()) {
		t.Errorf("the default is %v, and %s is made", marked, p.Name())
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
