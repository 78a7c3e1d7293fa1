package asyncio

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// UnimplementedEventLoop has every method of EventLoop; those that can say so
// return ErrNotImplemented, the others what an absent loop would. Embed it in a
// loop that shares nothing with those of this package, for a test say, so that it
// stays an EventLoop when methods are added. Futures and tasks need a loop of
// this package: on this one they have failed already, with ErrNotImplemented. Any
// goroutine may call the methods. (asyncio.AbstractEventLoop)
type UnimplementedEventLoop struct{}

var _ EventLoop = UnimplementedEventLoop{}

// base implements EventLoop: there is no loop underneath.
func (UnimplementedEventLoop) base() *baseLoop { return nil }

// notImplementedBy is the error of a loop's method.
func notImplementedBy(op string) error { return opError(op, ErrNotImplemented) }

// RunForever returns ErrNotImplemented.
func (UnimplementedEventLoop) RunForever() error { return notImplementedBy("RunForever") }

// RunUntilComplete returns ErrNotImplemented.
func (UnimplementedEventLoop) RunUntilComplete(Awaitable) error {
	return notImplementedBy("RunUntilComplete")
}

// Stop does nothing: the loop never runs.
func (UnimplementedEventLoop) Stop() {}

// IsRunning returns false.
func (UnimplementedEventLoop) IsRunning() bool { return false }

// IsClosed returns false.
func (UnimplementedEventLoop) IsClosed() bool { return false }

// Close returns ErrNotImplemented.
func (UnimplementedEventLoop) Close() error { return notImplementedBy("Close") }

// Time returns 0.
func (UnimplementedEventLoop) Time() time.Duration { return 0 }

// CallSoon returns ErrNotImplemented.
func (UnimplementedEventLoop) CallSoon(func()) (Handle, error) {
	return Handle{}, notImplementedBy("CallSoon")
}

// CallSoonThreadsafe returns ErrNotImplemented.
func (UnimplementedEventLoop) CallSoonThreadsafe(func()) (Handle, error) {
	return Handle{}, notImplementedBy("CallSoonThreadsafe")
}

// CallLater returns ErrNotImplemented.
func (UnimplementedEventLoop) CallLater(time.Duration, func()) (TimerHandle, error) {
	return TimerHandle{}, notImplementedBy("CallLater")
}

// CallAt returns ErrNotImplemented.
func (UnimplementedEventLoop) CallAt(time.Duration, func()) (TimerHandle, error) {
	return TimerHandle{}, notImplementedBy("CallAt")
}

// CreateConnection returns ErrNotImplemented.
func (UnimplementedEventLoop) CreateConnection(context.Context, func() Protocol, string, string, *ConnectionOptions) (Transport, Protocol, error) {
	return nil, nil, notImplementedBy("CreateConnection")
}

// CreateServer returns ErrNotImplemented.
func (UnimplementedEventLoop) CreateServer(context.Context, func() Protocol, string, string, *ServerOptions) (*Server, error) {
	return nil, notImplementedBy("CreateServer")
}

// ConnectAcceptedSocket returns ErrNotImplemented; the descriptor stays the
// caller's.
func (UnimplementedEventLoop) ConnectAcceptedSocket(context.Context, func() Protocol, uintptr, *ConnectionOptions) (Transport, Protocol, error) {
	return nil, nil, notImplementedBy("ConnectAcceptedSocket")
}

// GetAddrInfo returns ErrNotImplemented.
func (UnimplementedEventLoop) GetAddrInfo(context.Context, string, string) ([]net.Addr, error) {
	return nil, notImplementedBy("GetAddrInfo")
}

// GetNameInfo returns ErrNotImplemented.
func (UnimplementedEventLoop) GetNameInfo(context.Context, net.Addr) (host, service string, err error) {
	return "", "", notImplementedBy("GetNameInfo")
}

// AddReader returns ErrNotImplemented.
func (UnimplementedEventLoop) AddReader(uintptr, func()) error {
	return notImplementedBy("AddReader")
}

// RemoveReader returns ErrNotImplemented.
func (UnimplementedEventLoop) RemoveReader(uintptr) (bool, error) {
	return false, notImplementedBy("RemoveReader")
}

// AddWriter returns ErrNotImplemented.
func (UnimplementedEventLoop) AddWriter(uintptr, func()) error {
	return notImplementedBy("AddWriter")
}

// RemoveWriter returns ErrNotImplemented.
func (UnimplementedEventLoop) RemoveWriter(uintptr) (bool, error) {
	return false, notImplementedBy("RemoveWriter")
}

// RunInExecutor returns ErrNotImplemented.
func (UnimplementedEventLoop) RunInExecutor(Executor, func() (any, error)) (*Future[any], error) {
	return nil, notImplementedBy("RunInExecutor")
}

// SetDefaultExecutor returns ErrNotImplemented.
func (UnimplementedEventLoop) SetDefaultExecutor(Executor) error {
	return notImplementedBy("SetDefaultExecutor")
}

// ShutdownDefaultExecutor returns ErrNotImplemented.
func (UnimplementedEventLoop) ShutdownDefaultExecutor(context.Context) error {
	return notImplementedBy("ShutdownDefaultExecutor")
}

// SetExceptionHandler returns ErrNotImplemented.
func (UnimplementedEventLoop) SetExceptionHandler(ExceptionHandler) error {
	return notImplementedBy("SetExceptionHandler")
}

// GetExceptionHandler returns nil: none can be set.
func (UnimplementedEventLoop) GetExceptionHandler() ExceptionHandler { return nil }

// DefaultExceptionHandler logs the context by slog.Default: an error must not be
// lost because nobody has said what to do with it.
func (UnimplementedEventLoop) DefaultExceptionHandler(c ExceptionContext) {
	c.logTo(slog.Default(), "")
}

// CallExceptionHandler does what DefaultExceptionHandler does.
func (l UnimplementedEventLoop) CallExceptionHandler(c ExceptionContext) {
	l.DefaultExceptionHandler(c)
}

// GetDebug returns false.
func (UnimplementedEventLoop) GetDebug() bool { return false }

// SetDebug does nothing.
func (UnimplementedEventLoop) SetDebug(bool) {}

// SetSlowCallbackDuration returns ErrNotImplemented.
func (UnimplementedEventLoop) SetSlowCallbackDuration(time.Duration) error {
	return notImplementedBy("SetSlowCallbackDuration")
}

// SetTaskFactory returns ErrNotImplemented.
func (UnimplementedEventLoop) SetTaskFactory(TaskFactory) error {
	return notImplementedBy("SetTaskFactory")
}

// GetTaskFactory returns nil: none can be set.
func (UnimplementedEventLoop) GetTaskFactory() TaskFactory { return nil }
