package tlsconn

// recordHeader is the length of a record's header: type, version, and the length of the
// rest, of which the last two bytes are.
const recordHeader = 5

// record knows where in a stream of bytes a record ends (RFC 8446, 5.1).
type record struct {
	header int // how much of the header has passed
	left   int // how much of the record is to pass, once its header has
}

// pass returns how many bytes of p, which are the next ones, belong to the record that is
// passing, and has them pass. A header and the rest pass one after the other.
func (r *record) pass(p []byte) int {
	if r.header < recordHeader {
		n := min(recordHeader-r.header, len(p))
		for _, b := range p[:n] {
			if r.header >= 3 {
				r.left = r.left<<8 | int(b)
			}
			r.header++
		}
		if r.header == recordHeader && r.left > 0 {
			return n + r.rest(p[n:])
		}
		r.ended()
		return n
	}
	return r.rest(p)
}

// rest is pass behind the header.
func (r *record) rest(p []byte) int {
	n := min(r.left, len(p))
	r.left -= n
	r.ended()
	return n
}

// ended begins the next record, if this one has passed.
func (r *record) ended() {
	if r.header == recordHeader && r.left == 0 {
		*r = record{}
	}
}

// between reports whether no record has begun.
func (r *record) between() bool { return r.header == 0 }
