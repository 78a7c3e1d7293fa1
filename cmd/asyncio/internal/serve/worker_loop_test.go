package serve

import "testing"

// TestIsProactor: who says the name of a proactor where a selector's is asked for is told so.
func TestIsProactor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"io_uring": true, "iouring": true, "uring": true, "IOCP": true, "IO_uring": true,
		"": false, "epoll": false, "io": false, "cp": false, "ring": false, "uring-pinned": false, "select": false,
	} {
		if got := isProactor(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
