package main

import (
	"net"
	"sync"
)

// room sends whatever one member says to all of them, and one byte to each that comes.
type room struct {
	mu      sync.Mutex
	members map[net.Conn]struct{}
}

func (r *room) serve(c net.Conn) {
	defer c.Close()
	r.mu.Lock()
	r.members[c] = struct{}{}
	_, err := c.Write([]byte{'!'})
	r.mu.Unlock()
	defer r.leave(c)
	buffer := make([]byte, 64<<10)
	for err == nil {
		var n int
		if n, err = c.Read(buffer); n > 0 {
			r.broadcast(buffer[:n])
		}
	}
}

// broadcast leaves it to the one whose connection is broken to find that out.
func (r *room) broadcast(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.members {
		_, _ = c.Write(data)
	}
}

func (r *room) leave(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c)
}
