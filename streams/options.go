package streams

import "github.com/go-asyncio/asyncio"

// Option changes how streams are made.
type Option func(*config)

type config struct {
	limit    int
	loop     asyncio.EventLoop
	halfOpen bool
}

// configure applies the options; the loop is that of otherwise if they name none.
func configure(op string, opts []Option, otherwise func() (asyncio.EventLoop, error)) (config, error) {
	c := config{limit: DefaultLimit}
	for _, o := range opts {
		o(&c)
	}
	if c.limit <= 0 {
		return c, invalid(op, "limit cannot be <= 0, but is %d", c.limit)
	}
	if c.loop == nil {
		loop, err := otherwise()
		if err != nil {
			return c, opError(op, err)
		}
		c.loop = loop
	}
	return c, nil
}

// anyLoop is the loop of a call that is refused, nil if there is none.
func (c config) anyLoop() asyncio.EventLoop {
	if c.loop != nil {
		return c.loop
	}
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil
	}
	return loop
}

// WithLimit sets the reader's limit in bytes: how long a line may be, and half of
// how much is buffered before the connection is not read from any more. The
// default is DefaultLimit; zero and less is asyncio.ErrInvalidArgument. (limit)
func WithLimit(n int) Option { return func(c *config) { c.limit = n } }

// WithLoop sets the loop; the default is the running one. With it, OpenConnection,
// StartServer and their forms for unix sockets can be called from any goroutine. (loop)
func WithLoop(loop asyncio.EventLoop) Option { return func(c *config) { c.loop = loop } }

// WithHalfOpen leaves the sending side open at the peer's end of stream over TLS, too, where
// the connection can end one side alone: with TLS 1.3. As asyncio has it, both
// directions end there, and what was received and not answered yet stays unanswered. It is an
// option of NewStreamReaderProtocol, OpenConnection and StartServer. (none in asyncio)
func WithHalfOpen() Option { return func(c *config) { c.halfOpen = true } }
