package gojaloop

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/go-asyncio/asyncio"
)

// Option changes how a runtime is made.
type Option func(*config) error

// config is what the options say.
type config struct {
	out, err    io.Writer
	transport   http.RoundTripper
	maxResponse int64
	handler     func(*Runtime, asyncio.ExceptionContext)
}

// defaultMaxResponse is how much of an answer fetch keeps if nothing else is said.
const defaultMaxResponse = 64 << 20

// newConfig applies options to the defaults.
func newConfig(opts []Option) (*config, error) {
	c := &config{out: os.Stdout, err: os.Stderr, transport: http.DefaultTransport, maxResponse: defaultMaxResponse}
	for _, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("%w: New: an option is nil", ErrInvalidArgument)
		}
		if err := o(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// WithConsole sets where console writes: log, info and debug to out, warn and error to
// err. The default is the program's standard output and standard error. It is written to
// on the loop's goroutine: a writer that blocks holds the loop up.
func WithConsole(out, err io.Writer) Option {
	return func(c *config) error {
		if out == nil || err == nil {
			return fmt.Errorf("%w: WithConsole: a writer is nil; use io.Discard for none", ErrInvalidArgument)
		}
		c.out, c.err = out, err
		return nil
	}
}

// WithTransport sets what fetch sends its requests by; the default is
// http.DefaultTransport. It runs on a goroutine of the loop's default executor.
func WithTransport(t http.RoundTripper) Option {
	return func(c *config) error {
		if t == nil {
			return fmt.Errorf("%w: WithTransport: the transport is nil; leave the option out for http.DefaultTransport", ErrInvalidArgument)
		}
		c.transport = t
		return nil
	}
}

// WithMaxResponse sets how many bytes of an answer fetch takes, 64 MiB by default; a
// longer one is an error.
func WithMaxResponse(bytes int64) Option {
	return func(c *config) error {
		if bytes < 0 {
			return fmt.Errorf("%w: WithMaxResponse: %d bytes; give 0 or more", ErrInvalidArgument, bytes)
		}
		c.maxResponse = bytes
		return nil
	}
}

// WithExceptionHandler sets who hears of exceptions that nobody catches and of promises
// that are rejected and not handled, in place of the loop's exception handler. It is called
// on the loop's goroutine, after the macrotask; its panic goes to the loop.
func WithExceptionHandler(h func(r *Runtime, c asyncio.ExceptionContext)) Option {
	return func(c *config) error {
		if h == nil {
			return fmt.Errorf("%w: WithExceptionHandler: the handler is nil; leave the option out for the loop's", ErrInvalidArgument)
		}
		c.handler = h
		return nil
	}
}
