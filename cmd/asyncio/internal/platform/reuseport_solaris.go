package platform

import "errors"

// setReusePort: package syscall does not know the option here, if there is one.
func setReusePort(int) error { return errors.ErrUnsupported }
