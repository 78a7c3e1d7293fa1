package asyncio

import "github.com/go-asyncio/asyncio/internal/tlsconn"

// recordPool is memory for what TLS decrypts and encrypts, which none of its transports
// keeps. There is as much of it as calls are within each other.
type recordPool struct{ idle [][]byte }

// maxIdleRecords bounds what is kept.
const maxIdleRecords = 8

// take lends some.
func (p *recordPool) take() []byte {
	n := len(p.idle)
	if n == 0 {
		return make([]byte, tlsconn.BufferSize)
	}
	buf := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return buf
}

// give takes it back.
func (p *recordPool) give(buf []byte) {
	if len(p.idle) < maxIdleRecords {
		p.idle = append(p.idle, buf)
	}
}
