package asyncio

// UnimplementedEventLoopPolicy is a policy that can do nothing: every method
// returns ErrNotImplemented. It is meant to be embedded by policies that share
// nothing with DefaultEventLoopPolicy. Any goroutine may call the methods.
// (AbstractEventLoopPolicy)
type UnimplementedEventLoopPolicy struct{}

// GetEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) GetEventLoop() (EventLoop, error) {
	return nil, opError("GetEventLoop", ErrNotImplemented)
}

// SetEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) SetEventLoop(EventLoop) error {
	return opError("SetEventLoop", ErrNotImplemented)
}

// NewEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) NewEventLoop() (EventLoop, error) {
	return nil, opError("NewEventLoop", ErrNotImplemented)
}
