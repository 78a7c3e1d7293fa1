package page

import (
	"fmt"
	"strings"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// section is how a shape is shown.
type section struct {
	shape   string // of the results
	title   string
	about   string // what is measured; no figures, which are computed
	message string // what is counted: a message, a connection ...
	measure string // that the plot is of
	ratios  bool   // the plot is of multiples of the reference
	columns []string
}

var perMessage = []string{results.CPU, results.PerSecond, results.Busy, results.P50, results.P99}

var sections = []section{
	{"ping-pong", "Ping-pong", "Each connection has one message under way: it is sent when the answer to the last has come. What is done for a message is a read, a write and a share of a wait.",
		"message", results.CPU, true, perMessage},
	{"pipelined", "Pipelined", "Each connection has several messages under way, which a server may read and answer together.", "message", results.CPU, true, perMessage},
	{"large", "Large messages", "Messages larger than a socket takes or gives at once: copying and flow control count, and calls less.", "message", results.CPU, true, perMessage},
	{"churn", "Churn", "So many connections at a time, each of which is made, has one message echoed and is closed. A figure is for the whole connection; latency is from connecting to the answer.", "connection", results.CPU, true, perMessage},
	{"broadcast", "Broadcast", "One connection sends, and the server sends what comes to all; then the next message. A figure is for one message to one receiver. Raw C over io_uring has no server for it.", "delivery", results.CPU, true, perMessage},
	{"idle mass", "Idle mass, few active", "Besides the connections that exchange messages as in ping-pong there are many that have exchanged one and are idle since: what is idle should cost nothing.", "message", results.CPU, true, perMessage},
	{"tls", "TLS", "Ping-pong over TLS 1.3, ECDSA P-256. The reference is Go's net with crypto/tls: there is no server in C here.", "message", results.CPU, true, perMessage},
	{"handshakes", "TLS handshakes", "Each connection is made, has one message echoed over TLS 1.3, without a session to resume, and is closed.", "connection", results.CPU, true, perMessage},
	{"udp", "UDP", "Datagrams on one socket of the server's. The reference reads and writes many at once by recvmmsg(2) and sendmmsg(2).", "datagram", results.CPU, true, perMessage},
	{"unix", "Unix sockets", "Ping-pong over unix sockets: with less done by the system, what the library does shows more.", "message", results.CPU, true, perMessage},
	{"two loops", "Two loops on two processors", "Ping-pong with two event loops, unpinned, GOMAXPROCS=2; the load sleeps when it has nothing to do and shares the processors with the server, so the CPU time per message counts and not the messages per second.", "message", results.CPU, true, perMessage},
	{"instructions", "User instructions", "Instructions in user space per message, counted by stepping through the server one at a time. They do not depend on the machine's load; what the kernel does is not in them. All connections are ready at once.", "message", results.Instructions, false, []string{results.Instructions}},
	{"system calls", "System calls", "System calls per message, the runtime's own included, under the load of ping-pong.", "message", results.Calls, false, []string{results.Calls}},
	{"memory", "Memory", "Heap and stacks in use per connection, after collecting: untouched is a connection that has said nothing, once used is idle after one message. What a burst leaves, and what the collector costs, says cmd/memory itself.", "connection", results.Used, false, []string{results.Untouched, results.Used}},
	{"primitives", "Primitives", "The loop's own operations by `go test -bench`, each beside what plain Go, and where it has the same gnet, would do it with. bench/README.md says what an operation is.", "operation", results.Operation, true, []string{results.Operation}},
}

// sectionOf finds the section of a shape; one that the page does not know is shown plainly.
func sectionOf(shape string) section {
	for _, s := range sections {
		if s.shape == shape {
			return s
		}
	}
	return section{shape, shape, "", "message", results.CPU, true, perMessage}
}

// file is the name of the section's plot.
func (s section) file() string { return strings.ReplaceAll(s.shape, " ", "_") + ".svg" }

// cellTitle says what a cell is.
func (s section) cellTitle(cell string) string {
	var conns, size, pipeline int
	if n, err := fmt.Sscanf(cell, "%dx%dx%d", &conns, &size, &pipeline); n != 3 || err != nil {
		return cell
	}
	text := "connections"
	if conns == 1 {
		text = "connection"
	}
	switch s.shape {
	case "churn", "handshakes":
		text += " at a time"
	case "broadcast":
		text = "receivers"
	case "idle mass":
		text += " active"
	case "udp":
		text = "clients"
	}
	text = fmt.Sprintf("%s %s × %s", thousands(float64(conns)), text, bytesText(size))
	if pipeline > 1 {
		text += fmt.Sprintf(", %d under way", pipeline)
	}
	return text
}

// bytesText is a size.
func bytesText(n int) string {
	if n >= 1024 && n%1024 == 0 {
		return fmt.Sprintf("%d KiB", n/1024)
	}
	return fmt.Sprintf("%d B", n)
}

// thousands is a whole number with commas.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
