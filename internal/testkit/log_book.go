package testkit

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
)

// LogBook keeps what is logged: by its Logger, or written to it as text. Its zero value
// is an empty one. Any goroutine may call its methods.
type LogBook struct {
	mu      sync.Mutex
	text    bytes.Buffer
	records []map[string]slog.Value
}

// Logger returns a logger that writes into the book, whatever the level.
func (b *LogBook) Logger() *slog.Logger {
	return slog.New(bookHandler{slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}), b})
}

// bookHandler has a record kept as text and as what it holds.
type bookHandler struct {
	slog.Handler
	book *LogBook
}

// Handle implements slog.Handler.
func (h bookHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := map[string]slog.Value{}
	for a := range r.Attrs {
		attrs[a.Key] = a.Value
	}
	h.book.mu.Lock()
	h.book.records = append(h.book.records, attrs)
	h.book.mu.Unlock()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler: the attributes are in the text alone.
func (h bookHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return bookHandler{h.Handler.WithAttrs(attrs), h.book}
}

// WithGroup implements slog.Handler: the group is in the text alone.
func (h bookHandler) WithGroup(name string) slog.Handler {
	return bookHandler{h.Handler.WithGroup(name), h.book}
}

// Write implements io.Writer.
func (b *LogBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns the whole text.
func (b *LogBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Lines returns the lines that contain all of the texts.
func (b *LogBook) Lines(texts ...string) (found []string) {
lines:
	for line := range strings.Lines(b.String()) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue lines
			}
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

// Count returns how often the text is there.
func (b *LogBook) Count(text string) int { return strings.Count(b.String(), text) }

// Records returns the attributes of each record that the Logger was given.
func (b *LogBook) Records() (all []map[string]slog.Value) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.records {
		all = append(all, maps.Clone(r))
	}
	return all
}
