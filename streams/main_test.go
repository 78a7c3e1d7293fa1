package streams

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// warnings keeps what the package logs. It goes to the default logger, which is
// one for the process: tests look for what names their own connection.
var warnings logBook

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(&warnings, nil)))
	files, goroutines := openFiles(), len(strangers())
	status := m.Run()
	if err := leftBehind(goroutines, files); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// openFiles counts the descriptors of this process, -1 where the system does not
// tell. It makes those that the runtime keeps first.
func openFiles() int {
	if r, w, err := os.Pipe(); err == nil {
		_ = errors.Join(r.Close(), w.Close())
	}
	if runtime.GOOS == "windows" {
		return -1 // not the descriptors of a program for Windows, even if the folder is there
	}
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(names)
}

// leftBehind waits for goroutines and descriptors to be gone that were not there
// before, and says which did not go.
func leftBehind(goroutines, files int) error {
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
		if len(strangers()) <= goroutines && openFiles() <= files {
			return nil
		}
	}
	return fmt.Errorf("left behind: descriptors %d, %d before; goroutines, %d before:\n%s",
		openFiles(), files, goroutines, strings.Join(strangers(), "\n\n"))
}

// strangers are the stacks of all goroutines but those that the runtime keeps.
func strangers() []string {
	buf := make([]byte, 1<<20)
	var some []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(stack, "os/signal.") && !strings.Contains(stack, "runtime.runCleanups") {
			some = append(some, stack)
		}
	}
	return some
}

// logBook keeps what is logged.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// lines returns the lines that hold all the words.
func (b *logBook) lines(words ...string) []string {
	var found []string
lines:
	for line := range strings.Lines(b.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		found = append(found, line)
	}
	return found
}
