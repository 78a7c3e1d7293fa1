package platform

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// text is the report for people.
func (p *Report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "asyncio %s, %s, %s/%s, %d CPUs\n", p.Version, p.Go, p.OS, p.Arch, p.CPUs)
	fmt.Fprintf(&b, "default: %s", orNone(p.Default.Loop))
	if p.Default.Over != "" {
		fmt.Fprintf(&b, " over %s", p.Default.Over)
	}
	fmt.Fprintf(&b, " (%s)\n", p.Default.Why)

	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(table, strings.TrimRight("  "+strings.Join(cells, "\t"), "\t ")) }
	head := func(cells ...string) {
		table.Flush()
		fmt.Fprintf(table, "\n%s\n", strings.Join(cells, "\t"))
	}
	head("loops")
	for _, l := range p.Loops {
		row(l.Name, l.verdict.String(), mark(l.Default))
	}
	head("selectors", "works", "a loop over it", "pipes", "limits")
	for _, s := range p.Selectors {
		if !s.Works {
			row(s.Name, s.verdict.String())
			continue
		}
		row(s.Name, s.verdict.String(), s.Loop.String(), yes(s.Pipes), s.limits(), mark(s.Default))
	}
	head("proactors", "a loop over it")
	for _, r := range p.Proactors {
		row(r.Name, r.verdict.String(), r.Detail)
	}
	head("features", "the loops", "the system")
	for _, f := range p.Features {
		row(f.Name, f.Loops.String(), f.System.String())
	}
	head("limits")
	row("descriptors", p.Limits.String())
	head("clock, as measured")
	row("resolution", p.Clock.Resolution.String())
	row("a timer of 1 ms is late by", p.Clock.TimerLate.Round(time.Microsecond).String())
	table.Flush()
	return b.String()
}

func (v verdict) String() string {
	switch {
	case v.Works:
		return "yes"
	case v.Error == "":
		return "no"
	}
	return "no: " + v.Error
}

// limits says what the mechanism sets of its own.
func (s *selectorReport) limits() string {
	var all []string
	if s.MaxDescriptor > 0 {
		all = append(all, fmt.Sprintf("descriptors up to %d", s.MaxDescriptor))
	}
	if s.MaxSockets > 0 {
		all = append(all, fmt.Sprintf("%d sockets", s.MaxSockets))
	}
	if s.SocketsOnly {
		all = append(all, "sockets only")
	}
	all = append(all, fmt.Sprintf("waits in units of %v", s.Precision))
	return strings.Join(all, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func mark(isDefault bool) string {
	if isDefault {
		return "<- default"
	}
	return ""
}

func (l limitsReport) String() string {
	switch {
	case l.Descriptors == 0:
		return "no limit"
	case l.MaxDescriptors == 0:
		return fmt.Sprintf("%d, can be raised without limit", l.Descriptors)
	case l.MaxDescriptors == l.Descriptors:
		return fmt.Sprintf("%d, the most that is allowed", l.Descriptors)
	}
	return fmt.Sprintf("%d, can be raised to %d", l.Descriptors, l.MaxDescriptors)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
