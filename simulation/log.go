package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// hostLog is where a host's loop logs: to the test with the virtual time and the host, or, in a
// program, to the default logger. A host that has crashed says nothing more.
type hostLog struct {
	life  *life
	attrs []slog.Attr
	group string
}

// Enabled implements slog.Handler.
func (h *hostLog) Enabled(ctx context.Context, level slog.Level) bool {
	if h.life.seat != nil && h.life.seat.killed.Load() {
		return false
	}
	return h.life.host.world.tb != nil || slog.Default().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *hostLog) Handle(ctx context.Context, r slog.Record) error {
	w := h.life.host.world
	if w.tb == nil {
		r = r.Clone()
		r.AddAttrs(append(h.attrs, slog.String("host", h.life.host.name))...)
		return slog.Default().Handler().Handle(ctx, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%shost %s: %v: %s", w.stamp(), h.life.host.name, r.Level, r.Message)
	for _, a := range h.attrs {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
	}
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s%s=%v", h.group, a.Key, a.Value)
		return true
	})
	w.tb.Log(b.String())
	return nil
}

// WithAttrs implements slog.Handler.
func (h *hostLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, a := range attrs {
		a.Key = h.group + a.Key
		with.attrs = append(with.attrs[:len(with.attrs):len(with.attrs)], a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *hostLog) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}
