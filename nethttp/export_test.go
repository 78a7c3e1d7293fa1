package nethttp

// Open is how many connections of a Transport are open or about to be made.
func Open(t *Transport) (n int) {
	for _, p := range t.allPools() {
		p.mu.Lock()
		for _, h := range p.hosts {
			n += h.open
		}
		p.mu.Unlock()
	}
	return n
}

// Hosts is how many destinations a Transport knows.
func Hosts(t *Transport) (n int) {
	for _, p := range t.allPools() {
		p.mu.Lock()
		n += len(p.hosts)
		p.mu.Unlock()
	}
	return n
}
