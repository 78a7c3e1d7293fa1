package simulated

// Engine is a host's engine, for one loop.
type Engine struct {
	host *Host
}

// Host is the host whose engine it is.
func (e *Engine) Host() *Host { return e.host }
