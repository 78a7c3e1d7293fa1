//go:build !unix || aix

package selectors

// PollSelector is poll(2) and does not work on this system.
type PollSelector struct{ absent }

// NewPollSelector makes a selector over poll(2). Where the system has none
// (Windows), the error is errors.ErrUnsupported.
func NewPollSelector() (*PollSelector, error) {
	return nil, unsupported("NewPollSelector", "NewSelectSelector")
}
