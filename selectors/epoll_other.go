//go:build !linux

package selectors

// EpollSelector is Linux's epoll(7) and does not work on this system.
type EpollSelector struct{ absent }

// NewEpollSelector makes a selector over epoll(7), Linux only: elsewhere the
// error is errors.ErrUnsupported.
func NewEpollSelector() (*EpollSelector, error) {
	return nil, unsupported("NewEpollSelector", "NewDefaultSelector")
}
