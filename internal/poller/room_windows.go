package poller

// room: no number of handles keeps the runtime from making its port.
func room() error { return nil }
