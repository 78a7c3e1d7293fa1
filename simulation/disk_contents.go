package simulation

import (
	"slices"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// diskContents is what is in a file: as all see it, as it is safe, and the writes that are
// between the two.
type diskContents struct {
	data   []byte
	safe   []byte
	writes []diskWrite
	size   int // of the writes
}

// diskWrite is one write, or a Truncate if there is nothing in it.
type diskWrite struct {
	off   int // where it begins; of a Truncate the new size
	p     []byte
	after int // the size of the file afterwards
}

// The most that a file has of writes that are not safe: the oldest reach the disk by
// themselves.
const (
	mostWrites     = 4096
	mostWriteBytes = 16 << 20
)

// write writes p, of which there is something.
func (c *diskContents) write(off int, p []byte) {
	c.do(diskWrite{off: off, p: slices.Clone(p), after: max(len(c.data), off+len(p))})
}

// truncate sets the size.
func (c *diskContents) truncate(size int) { c.do(diskWrite{off: size, after: size}) }

func (c *diskContents) do(w diskWrite) {
	c.data = w.apply(c.data)
	c.writes = append(c.writes, w)
	c.size += len(w.p)
	for len(c.writes) > mostWrites || c.size > mostWriteBytes && len(c.writes) > 1 {
		c.safe = c.writes[0].apply(c.safe)
		c.size -= len(c.writes[0].p)
		c.writes = slices.Delete(c.writes, 0, 1)
	}
}

// apply is what the write makes of a file.
func (w diskWrite) apply(data []byte) []byte {
	data = resized(data, w.after)
	copy(data[min(w.off, len(data)):], w.p)
	return data
}

// resized is data with another length, zero where it is longer.
func resized(data []byte, size int) []byte {
	if size <= len(data) {
		return data[:size]
	}
	had := len(data)
	data = slices.Grow(data, size-had)[:size]
	clear(data[had:])
	return data
}

// sync makes it safe.
func (c *diskContents) sync() {
	for _, w := range c.writes {
		c.safe = w.apply(c.safe)
	}
	c.writes, c.size = nil, 0
}

// crash leaves what a crash does.
func (c *diskContents) crash(chance simulated.Chance) {
	if len(c.writes) > 0 {
		c.safe = c.left(chance)
	}
	c.data, c.writes, c.size = slices.Clone(c.safe), nil, 0
}

// left draws what is left of the contents.
func (c *diskContents) left(chance simulated.Chance) []byte {
	sector := 512
	if chance.N(simulated.Fault, 2) == 1 {
		sector = 4096
	}
	switch chance.N(simulated.Fault, 4) {
	case 0:
		return c.data
	case 1:
		return c.safe
	case 2:
		return c.torn(chance, sector)
	default:
		return c.shuffled(chance, sector)
	}
}

// torn is the contents as of some moment, in the middle of a write.
func (c *diskContents) torn(chance simulated.Chance, sector int) []byte {
	data := slices.Clone(c.safe)
	whole := int(chance.N(simulated.Fault, int64(len(c.writes))))
	for _, w := range c.writes[:whole] {
		data = w.apply(data)
	}
	w := c.writes[whole]
	if len(w.p) == 0 {
		return data
	}
	first, end := w.off/sector, (w.off+len(w.p)-1)/sector+1
	cut := (first + int(chance.N(simulated.Fault, int64(end-first)+1))) * sector
	w.p = w.p[:min(max(cut-w.off, 0), len(w.p))]
	if len(w.p) == 0 {
		return data
	}
	w.after = max(len(data), w.off+len(w.p))
	return w.apply(data)
}

// shuffled is the contents with each sector as of a moment of its own.
func (c *diskContents) shuffled(chance simulated.Chance, sector int) []byte {
	size, longest := len(c.safe), len(c.safe)
	sizes := []int{size}
	for _, w := range c.writes {
		longest = max(longest, w.after)
		sizes = append(sizes, w.after)
	}
	// How often each sector was written to, and of how many of these times it knows.
	written := make([]int, longest/sector+1)
	c.eachSector(sector, func(s, _, _ int, _ []byte) { written[s]++ })
	for s, times := range written {
		if times > 0 {
			written[s] = int(chance.N(simulated.Fault, int64(times)+1))
		}
	}
	data := resized(slices.Clone(c.safe), longest)
	c.eachSector(sector, func(s, from, to int, p []byte) {
		if written[s] == 0 {
			return
		}
		written[s]--
		if p == nil {
			clear(data[from:to])
		} else {
			copy(data[from:to], p)
		}
	})
	return resized(data, sizes[chance.N(simulated.Fault, int64(len(sizes)))])
}

// eachSector calls f for each sector of each write, in their order: what is written there,
// which is nil if it becomes zero.
func (c *diskContents) eachSector(sector int, f func(s, from, to int, p []byte)) {
	size := len(c.safe)
	for _, w := range c.writes {
		from, to := w.off, w.off+len(w.p)
		if len(w.p) == 0 {
			to = max(size, from)
		}
		for from < to {
			s := from / sector
			end := min((s+1)*sector, to)
			var p []byte
			if len(w.p) > 0 {
				p = w.p[from-w.off : end-w.off]
			}
			f(s, from, end, p)
			from = end
		}
		size = w.after
	}
}
