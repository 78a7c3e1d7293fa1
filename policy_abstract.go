package asyncio

// UnimplementedEventLoopPolicy is a policy that can do nothing: every method
// returns ErrNotImplemented. It is meant to be embedded by policies that share
// nothing with DefaultEventLoopPolicy. Any goroutine may call the methods.
// (AbstractEventLoopPolicy)
type UnimplementedEventLoopPolicy struct{}

// GetEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) GetEventLoop() (EventLoop, error) {
	return nil, opError("get_event_loop", ErrNotImplemented)
}

// SetEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) SetEventLoop(EventLoop) error {
	return opError("set_event_loop", ErrNotImplemented)
}

// NewEventLoop returns ErrNotImplemented.
func (UnimplementedEventLoopPolicy) NewEventLoop() (EventLoop, error) {
	return nil, opError("new_event_loop", ErrNotImplemented)
}
