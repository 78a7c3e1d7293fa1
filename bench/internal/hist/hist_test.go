package hist

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestBucketsAreContiguous(t *testing.T) {
	t.Parallel()
	for i := range buckets - 1 {
		if got := index(upper(i)); got != i {
			t.Fatalf("upper bound %d of bucket %d falls into bucket %d", upper(i), i, got)
		}
		if got := index(upper(i) + 1); got != i+1 {
			t.Fatalf("value %d after bucket %d falls into bucket %d", upper(i)+1, i, got)
		}
	}
	if got := index(1<<64 - 1); got != buckets-1 {
		t.Fatalf("the largest value falls into bucket %d of %d", got, buckets)
	}
}

func TestQuantilesAgainstSortedValues(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	values := make([]uint64, 0, 20_000)
	var sum float64
	for range cap(values) {
		v := random.Uint64N(1 << (4 + random.UintN(30)))
		values = append(values, v)
		sum += float64(v)
		h.Record(int64(v))
	}
	slices.Sort(values)
	for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
		rank := max(int(q*float64(len(values))+0.999999), 1)
		want := values[rank-1]
		got := h.Quantile(q)
		if got < want || float64(got) > float64(want)*(1+1.0/128)+1 {
			t.Errorf("quantile %g: %d, sorted values say %d", q, got, want)
		}
	}
	if h.Max() != values[len(values)-1] || h.Quantile(1) != h.Max() {
		t.Errorf("max %d, quantile 1 %d, want %d", h.Max(), h.Quantile(1), values[len(values)-1])
	}
	if mean := sum / float64(len(values)); h.Mean() < mean*0.999 || h.Mean() > mean*1.001 {
		t.Errorf("mean %g, want %g", h.Mean(), mean)
	}
	if h.Count() != uint64(len(values)) {
		t.Errorf("count %d, want %d", h.Count(), len(values))
	}
}

func TestEmptyNegativeAndReset(t *testing.T) {
	t.Parallel()
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Max() != 0 {
		t.Fatal("an empty histogram is not zero")
	}
	h.Record(-5)
	if h.Count() != 1 || h.Quantile(1) != 0 {
		t.Fatalf("a negative value was counted as %d", h.Quantile(1))
	}
	h.Record(1000)
	h.Reset()
	if h.Count() != 0 || h.Max() != 0 {
		t.Fatal("reset left something behind")
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	var h Histogram
	value := int64(0)
	if n := testing.AllocsPerRun(1000, func() { value += 977; h.Record(value) }); n != 0 {
		t.Fatalf("Record allocates %g times", n)
	}
}
