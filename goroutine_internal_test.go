package asyncio

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// TestSlowIdentityIsTold: once a process, and only where it is slow.
func TestSlowIdentityIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		quick bool
		lines int
	}{{true, 0}, {false, 1}} {
		var out bytes.Buffer
		var once sync.Once
		log := slog.New(slog.NewTextHandler(&out, nil))
		for range 3 {
			tellSlowIdentity(log, tt.quick, &once)
		}
		if got := strings.Count(out.String(), "told apart by the runtime's text"); got != tt.lines {
			t.Errorf("quick %v: told %d times, want %d: %s", tt.quick, got, tt.lines, out.String())
		}
	}
}
