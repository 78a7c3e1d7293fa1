package testkit

import (
	"slices"
	"testing"
)

func TestLogBook(t *testing.T) {
	t.Parallel()
	var b LogBook
	b.Logger().With("loop", "one").Debug("it works", "n", 1)
	b.Logger().Error("it does not", "n", 2)
	if got := b.Lines("level=DEBUG", `msg="it works"`, "loop=one"); len(got) != 1 {
		t.Errorf("%q of %q", got, b.String())
	}
	if b.Count("msg=") != 2 || len(b.Lines("it works", "it does not")) != 0 {
		t.Error(b.String())
	}
	var numbers []int64
	for _, r := range b.Records() {
		numbers = append(numbers, r["n"].Int64())
	}
	if !slices.Equal(numbers, []int64{1, 2}) {
		t.Errorf("records: %v", b.Records())
	}
}
