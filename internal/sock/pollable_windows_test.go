package sock

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// TestPollable: a socket is, and what else is asked for is told what to do instead.
func TestPollable(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	if err := Pollable(a); err != nil {
		t.Errorf("a socket: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	event, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, fd := range map[string]uintptr{
		"pipe": r.Fd(), "file": file.Fd(), "event": uintptr(event),
	} {
		err := Pollable(fd)
		if !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, windows.WSAENOTSOCK) || !strings.Contains(err.Error(), "RunInExecutor") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := windows.CloseHandle(event); err != nil {
		t.Fatal(err)
	}
	for _, fd := range []uintptr{0, Invalid - 4} {
		err := Pollable(fd)
		if !errors.Is(err, windows.ERROR_INVALID_HANDLE) || !errors.Is(err, windows.WSAENOTSOCK) || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d, which is nothing: %v", fd, err)
		}
	}
}
