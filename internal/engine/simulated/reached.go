package simulated

// Guard is what a Driver may be in addition: it hears of everything that comes to a loop
// from a goroutine that is of no simulated loop, and of those that wait for a loop.
type Guard interface {
	// Reached is called on that goroutine, before what it brings is the loop's.
	Reached(e *Engine)

	// Blocks is called on a goroutine that is about to wait for something of the engine's
	// loop. An error refuses that. back, if it is not nil, is called when the wait is over, and
	// returns when the goroutine may go on.
	Blocks(e *Engine) (back func(), err error)

	// Caller is the line of the program that the calling goroutine is in, for an error. The
	// network's lock is held.
	Caller() string
}

// Reached tells the Driver that the caller, who is of no simulated loop, is about to hand
// something to the engine's loop. Any goroutine may call it.
func (e *Engine) Reached() {
	if g, ok := e.host.network.driver.(Guard); ok {
		g.Reached(e)
	}
}

// Blocks asks the Driver whether the caller, who is of no simulated loop, may wait for something
// of the engine's loop; see Guard. Any goroutine may call it.
func (e *Engine) Blocks() (back func(), err error) {
	if g, ok := e.host.network.driver.(Guard); ok {
		return g.Blocks(e)
	}
	return nil, nil
}
