package testkit

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// TestLeft is not parallel: it looks at all goroutines.
func TestLeft(t *testing.T) {
	const soon = 10 * time.Millisecond
	before := Snapshot()
	if err := before.Left(0); err != nil {
		t.Errorf("nothing has been done: %v", err)
	}
	begun, release := make(chan struct{}), make(chan struct{})
	go stays(begun, release)
	<-begun
	if err := before.Left(soon); err == nil || !strings.Contains(err.Error(), "testkit.stays") {
		t.Errorf("a goroutine stays: %v", err)
	}
	time.AfterFunc(soon, func() { close(release) })
	if err := before.Left(Patience); err != nil {
		t.Errorf("it goes: %v", err)
	}
	if OpenFiles() < 0 {
		// Nothing can be counted then; Left says nothing of descriptors there.
		t.Skip("the system does not list descriptors")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	left := before.Left(soon)
	if err := errors.Join(l.Close(), before.Left(Patience)); err != nil {
		t.Error(err)
	}
	if left == nil || !strings.Contains(left.Error(), "descriptors are left behind") {
		t.Errorf("a socket stays: %v", left)
	}
}

func stays(begun, release chan struct{}) {
	close(begun)
	<-release
}
