//go:build !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package selectors

func newKqueue() (kqueueSystem, error) {
	return nil, unsupported("NewKqueueSelector", "NewDefaultSelector")
}
