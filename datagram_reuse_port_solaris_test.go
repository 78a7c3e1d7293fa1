package asyncio_test

// hasReusePort says whether the system lets several sockets have one port, by optReusePort.
const (
	hasReusePort = false
	optReusePort = 0
)
