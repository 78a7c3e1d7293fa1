// Package hist counts latencies in buckets whose width grows with the value, so that any
// duration is kept within one percent and recording one allocates nothing.
package hist

import "math/bits"

// subBits is the number of bits of a value that a bucket keeps: 2^7 buckets per power of two,
// which bounds the error of a quantile at 1/128 of its value.
const subBits = 7

const buckets = (64 - subBits + 1) << subBits

// Histogram counts non-negative nanoseconds. The zero value is ready to use; it belongs to one
// goroutine.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
	sum    uint64
	max    uint64
}

func index(v uint64) int {
	if v < 1<<(subBits+1) {
		return int(v)
	}
	shift := bits.Len64(v) - (subBits + 1)
	return shift<<subBits + int(v>>shift)
}

// upper is the highest value that falls into the bucket.
func upper(index int) uint64 {
	if index < 1<<(subBits+1) {
		return uint64(index)
	}
	shift := index>>subBits - 1
	mantissa := uint64(index - shift<<subBits)
	return (mantissa+1)<<shift - 1
}

// Record counts one value, in nanoseconds; a negative one counts as zero.
func (h *Histogram) Record(ns int64) {
	v := uint64(max(ns, 0))
	h.counts[index(v)]++
	h.total++
	h.sum += v
	h.max = max(h.max, v)
}

// Reset forgets every value.
func (h *Histogram) Reset() { *h = Histogram{} }

// Count is the number of recorded values.
func (h *Histogram) Count() uint64 { return h.total }

// Max is the largest recorded value, exactly.
func (h *Histogram) Max() uint64 { return h.max }

// Mean is the exact mean of the recorded values, 0 if there is none.
func (h *Histogram) Mean() float64 {
	if h.total == 0 {
		return 0
	}
	return float64(h.sum) / float64(h.total)
}

// Quantile is the smallest bucket bound that at least the share q (0 to 1) of the values does
// not exceed, never more than Max; 0 if nothing was recorded.
func (h *Histogram) Quantile(q float64) uint64 {
	if h.total == 0 {
		return 0
	}
	rank := uint64(q * float64(h.total))
	if float64(rank) < q*float64(h.total) {
		rank++
	}
	rank = min(max(rank, 1), h.total)
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}
