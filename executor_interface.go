package asyncio

// Executor runs functions on goroutines that are not the loop's. Any goroutine
// may call it. (concurrent.futures.Executor)
type Executor interface {
	// Submit runs f, or returns why it will not.
	Submit(f func()) error
}
