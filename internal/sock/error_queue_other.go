//go:build !linux

package sock

// QueuedError finds nothing: no socket here has SetRecvErr on.
func QueuedError(uintptr) (err error, to Addr, ok bool) { return nil, Addr{}, false }
