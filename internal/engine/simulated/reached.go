package simulated

// Guard is what a Driver may be in addition: it hears of everything that comes to a loop
// from a goroutine that is of no simulated loop.
type Guard interface {
	// Reached is called on that goroutine, before what it brings is the loop's.
	Reached(e *Engine)
}

// Reached tells the Driver that the caller, who is of no simulated loop, is about to hand
// something to the engine's loop. Any goroutine may call it.
func (e *Engine) Reached() {
	if g, ok := e.host.network.driver.(Guard); ok {
		g.Reached(e)
	}
}
