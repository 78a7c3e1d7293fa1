//go:build !solaris

package selectors

func newDevpoll() (devpollSystem, error) {
	return nil, unsupported("NewDevpollSelector", "NewDefaultSelector")
}
