package selectors

import (
	"errors"
	"os"
	"os/signal"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

func newSocket(t *testing.T) uintptr {
	t.Helper()
	h, err := windows.Socket(windows.AF_INET, windows.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { windows.Closesocket(h) })
	return uintptr(h)
}

func newSelect(t *testing.T) *SelectSelector {
	t.Helper()
	s, err := NewSelectSelector()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestSelectSetSize: 512 sockets can be watched for the same event, and not
// one more, which is a clear error.
func TestSelectSetSize(t *testing.T) {
	s := newSelect(t)
	for range selectLimit {
		if _, err := s.Register(newSocket(t), EventWrite, nil); err != nil {
			t.Fatal(err)
		}
	}
	h := newSocket(t)
	if _, err := s.Register(h, EventWrite, nil); !errors.Is(err, ErrTooManyDescriptors) {
		t.Errorf("socket %d: %v", selectLimit+1, err)
	}
	if _, err := s.Register(h, EventRead, nil); err != nil {
		t.Errorf("the first one to read: %v", err)
	}
	if ready, err := s.Select(0); err != nil || len(ready) != selectLimit {
		t.Errorf("%d are ready, %v", len(ready), err)
	}
	if _, err := s.Modify(h, EventRead|EventWrite, nil); !errors.Is(err, ErrTooManyDescriptors) {
		t.Errorf("Modify: %v", err)
	}
}

// TestSelectEmpty: Winsock does not wait for nothing; the selector does.
func TestSelectEmpty(t *testing.T) {
	t.Parallel()
	s := newSelect(t)
	const timeout = 50 * time.Millisecond
	start := time.Now()
	ready, err := s.Select(timeout)
	if d := time.Since(start); err != nil || len(ready) != 0 || d < timeout-16*time.Millisecond {
		t.Errorf("ready %v, %v after %v", ready, err, d)
	}
}

// TestSelectSocketsOnly: a file or a pipe is refused.
func TestSelectSocketsOnly(t *testing.T) {
	t.Parallel()
	s := newSelect(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := s.Register(r, EventRead, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Register of a pipe: %v", err)
	}
	if s.GetMap().Len() != 0 {
		t.Errorf("%d registrations", s.GetMap().Len())
	}
}

// TestSelectClosed: a socket that was closed while registered is reported,
// so that its user learns of it, and does not hold up the others.
func TestSelectClosed(t *testing.T) {
	s := newSelect(t)
	closed, err := s.Register(newSocket(t), EventRead|EventWrite, nil)
	if err != nil {
		t.Fatal(err)
	}
	live, err := s.Register(newSocket(t), EventWrite, nil)
	if err != nil {
		t.Fatal(err)
	}
	windows.Closesocket(windows.Handle(closed.FD))
	ready, err := s.Select(time.Minute)
	if err != nil || len(ready) != 2 {
		t.Fatalf("ready %v, %v", ready, err)
	}
	for _, r := range ready {
		if r.Key != closed && r.Key != live || r.Events != r.Key.Events {
			t.Errorf("socket %d is ready for %v", r.Key.FD, r.Events)
		}
	}
}

// pressCtrlC has this process alone get Ctrl-C, in the way in which the system
// brings it to each process of a console: by a thread that begins in CtrlRoutine.
func pressCtrlC() error {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	routine := kernel.NewProc("CtrlRoutine")
	if err := routine.Find(); err != nil {
		return err
	}
	thread, _, err := kernel.NewProc("CreateThread").Call(0, 0, routine.Addr(), windows.CTRL_C_EVENT, 0, 0)
	if thread == 0 {
		return err
	}
	return windows.CloseHandle(windows.Handle(thread))
}

// TestSelectInterrupted: Windows interrupts no thread, and a wait lasts as long as it
// is to, however often Ctrl-C comes meanwhile.
func TestSelectInterrupted(t *testing.T) {
	t.Run("selectors.017.interrupt-no-raise-retries/select", func(t *testing.T) {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt)
		defer signal.Stop(signals)
		s := newSelect(t)
		if _, err := s.Register(newSocket(t), EventRead, nil); err != nil {
			t.Fatal(err)
		}
		for timeout, during := 50*time.Millisecond, 0; during == 0; timeout *= 2 {
			stop, pressed := make(chan struct{}), make(chan int)
			go func() {
				n := 0
				defer func() { pressed <- n }()
				for {
					if err := pressCtrlC(); err != nil {
						t.Error(err)
						return
					}
					<-signals
					select {
					case <-stop:
						return
					default:
						n++
					}
				}
			}()
			start := time.Now()
			ready, err := s.Select(timeout)
			d := time.Since(start)
			close(stop)
			during = <-pressed
			if err != nil || len(ready) != 0 || d < timeout-16*time.Millisecond {
				t.Errorf("ready %v, %v after %v", ready, err, d)
			}
			if t.Failed() {
				return
			}
		}
	})
}
