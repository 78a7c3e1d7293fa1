package asyncio

import "context"

// SubprocessExec returns ErrNotImplemented.
func (UnimplementedEventLoop) SubprocessExec(context.Context, func() SubprocessProtocol, *SubprocessOptions, string, ...string) (SubprocessTransport, SubprocessProtocol, error) {
	return nil, nil, notImplementedBy("SubprocessExec")
}

// SubprocessShell returns ErrNotImplemented.
func (UnimplementedEventLoop) SubprocessShell(context.Context, func() SubprocessProtocol, *SubprocessOptions, string) (SubprocessTransport, SubprocessProtocol, error) {
	return nil, nil, notImplementedBy("SubprocessShell")
}
