package asyncio

import (
	"errors"
	"fmt"
	"runtime"
)

// WindowsSelectorEventLoopPolicy is the default policy of Windows with loops over
// the system's select. Make one with NewWindowsSelectorEventLoopPolicy.
// (asyncio.WindowsSelectorEventLoopPolicy)
type WindowsSelectorEventLoopPolicy struct{ *DefaultEventLoopPolicy }

// WindowsProactorEventLoopPolicy is the default policy of Windows with loops over
// completion ports. Make one with NewWindowsProactorEventLoopPolicy.
// (asyncio.WindowsProactorEventLoopPolicy)
type WindowsProactorEventLoopPolicy struct{ *DefaultEventLoopPolicy }

// NewWindowsSelectorEventLoopPolicy makes the policy. On other systems than
// Windows: errors.ErrUnsupported. Any goroutine may call it.
func NewWindowsSelectorEventLoopPolicy() (*WindowsSelectorEventLoopPolicy, error) {
	if err := needWindows("windows selector event loop policy"); err != nil {
		return nil, err
	}
	return &WindowsSelectorEventLoopPolicy{NewDefaultEventLoopPolicy(func() (EventLoop, error) { return newLoopOf(loopSelector) })}, nil
}

// NewWindowsProactorEventLoopPolicy makes the policy. On other systems than
// Windows: errors.ErrUnsupported. Any goroutine may call it.
func NewWindowsProactorEventLoopPolicy() (*WindowsProactorEventLoopPolicy, error) {
	if err := needWindows("windows proactor event loop policy"); err != nil {
		return nil, err
	}
	return &WindowsProactorEventLoopPolicy{NewDefaultEventLoopPolicy(func() (EventLoop, error) { return newLoopOf(loopProactor) })}, nil
}

func needWindows(op string) error {
	if !windowsPolicies {
		return opError(op, fmt.Errorf("%w: this is %s, not windows; use NewDefaultEventLoopPolicy", errors.ErrUnsupported, runtime.GOOS))
	}
	return nil
}
