//go:build !linux

package sock

// QueuedError finds nothing: no socket here has SetRecvErr on.
func QueuedError(uintptr) (to Addr, ok bool, err error) { return Addr{}, false, nil }
