package asyncio

// pinning keeps a loop's goroutine on one thread, and that thread on the given
// processors if there are any.
type pinning struct{ cpus []int }

func (p *pinning) apply() error {
	if len(p.cpus) == 0 {
		return nil
	}
	if err := setThreadAffinity(p.cpus); err != nil {
		return opError("pin thread", err)
	}
	return nil
}
