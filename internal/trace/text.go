package trace

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text writes events as lines whose columns stand below each other.
type Text struct {
	Draws bool // write draws, too
	host  int  // how wide the columns are
	what  int
}

// Write writes all events, one a line.
func (t *Text) Write(w io.Writer, events []Event) error {
	t.measure(events)
	b := bufio.NewWriter(w)
	t.lines(b, "", events)
	return b.Flush()
}

// measure makes the columns wide enough.
func (t *Text) measure(events []Event) {
	for i := range events {
		t.host = max(t.host, utf8.RuneCountInString(events[i].Host), 3)
		t.what = max(t.what, utf8.RuneCountInString(events[i].What), 6)
	}
}

// lines writes the lines of several events, each behind indent.
func (t *Text) lines(w io.Writer, indent string, events []Event) {
	for i := range events {
		if events[i].What != Draw || t.Draws || indent != "" {
			io.WriteString(w, indent+t.line(&events[i])+"\n")
		}
	}
}

// line is the line of an event.
func (t *Text) line(e *Event) string {
	host := e.Host
	if host == "" {
		host = "-"
	}
	line := fmt.Sprintf("%15s  %-*s  %-*s", stamp(e.When), t.host, host, t.what, e.What)
	if rest := details(e); rest != "" {
		line += "  " + rest
	}
	return strings.TrimRight(line, " ")
}

// details is what there is to say of an event but when, where and what.
func details(e *Event) string {
	if e.What == Draw {
		return fmt.Sprintf("%s %d of %d", e.Text, e.Sum, e.ID)
	}
	var parts []string
	if e.Peer != "" {
		way := "→ "
		if verbs[e.What].comes {
			way = "← "
		}
		parts = append(parts, way+e.Peer)
	}
	if e.ID != 0 {
		parts = append(parts, "#"+strconv.FormatUint(e.ID, 10))
	}
	if e.Size != 0 {
		parts = append(parts, strconv.Itoa(e.Size)+" B")
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	if readable(e.Data) {
		parts = append(parts, quoted(e))
	}
	return strings.Join(parts, "  ")
}

// readable reports whether bytes are text.
func readable(data []byte) bool {
	for _, c := range data {
		if (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(data) > 0
}

// quoted is the beginning of a message.
func quoted(e *Event) string {
	text := strconv.Quote(string(e.Data))
	if len(e.Data) < e.Size {
		text += "…"
	}
	return text
}

// stamp is a time in seconds, to the nanosecond.
func stamp(d time.Duration) string {
	return fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second)
}
