package simulated

// Tell tells the trace of something at the engine's host, with a number of the caller's. No
// locks are held.
func (e *Engine) Tell(what string, id uint64, text string) {
	n := e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tell(Happening{Host: e.host.name, What: what, ID: id, Text: text})
}
