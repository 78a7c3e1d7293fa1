package serve

import (
	"fmt"
	"time"
)

// summary is the last line: what has been served in all.
func summary(workers []*worker, took time.Duration, cut int) string {
	var c counters
	for _, w := range workers {
		c.add(w.counters)
	}
	text := fmt.Sprintf("served %s, %s, %s in %.1f s", count(c.accepted, "client"), count(c.messages, "message"),
		count(c.bytes, "byte"), took.Seconds())
	if cut > 0 {
		text += fmt.Sprintf(", %s cut off", count(uint64(cut), "client"))
	}
	return text
}

// count is a number of things.
func count(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
