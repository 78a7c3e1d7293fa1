package asyncio

import "os"

// AddSignalHandler returns ErrNotImplemented.
func (UnimplementedEventLoop) AddSignalHandler(os.Signal, func()) error {
	return notImplementedBy("AddSignalHandler")
}

// RemoveSignalHandler returns ErrNotImplemented.
func (UnimplementedEventLoop) RemoveSignalHandler(os.Signal) (bool, error) {
	return false, notImplementedBy("RemoveSignalHandler")
}
