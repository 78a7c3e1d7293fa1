package simulation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/trace"
)

// How many events a trace has at most: the text, and the page.
const (
	mostInText = 1 << 18
	mostOnPage = 20_000
)

// keepTrace keeps the world's events from now on, the last ones of them.
func (w *World) keepTrace() { w.recorder.to.Keep(mostInText) }

// theEnd is the event after which nothing is the program's any more: hosts are ended.
const theEnd = "end"

// say tells the trace of what the world's function says, or a host's program.
func (w *World) say(what, text string) {
	text, _, _ = strings.Cut(text, "\n")
	e := trace.Event{When: w.network.Now(), What: what, Text: text}
	if h := HostOf(context.Background()); h != nil {
		e.Host = h.name
	}
	w.recorder.told(e)
}

// endTrace writes the trace of a world that has ended, if one was kept, and tells where it is.
func (w *World) endTrace(t *testing.T, command string) {
	t.Helper()
	if flags.html == "" {
		return
	}
	dir, err := traceFolder(t)
	if err == nil {
		var text, page string
		if text, page, err = w.writeTrace(dir, w.said(), command); err == nil {
			t.Logf("simulation: the trace: %s\n      and: %s", page, text)
			return
		}
	}
	t.Errorf("simulation: -simulation.html=%s: %v", flags.html, err)
}

// said is what the world has reported.
func (w *World) said() string {
	if err := w.verdict(); err != nil {
		return err.Error()
	}
	return ""
}

// writeTrace writes the events that are kept into a folder, which is made if it is not there, as
// text and as a page. Not before the world has ended.
func (w *World) writeTrace(dir, verdict, command string) (text, page string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", err
	}
	base := filepath.Join(dir, fmt.Sprintf("%s-seed%d", fileName(w.Name()), w.seed))
	events := w.recorder.to.Kept()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].What == theEnd && events[i].Host == "" {
			events = events[:i]
			break
		}
	}
	last := events[max(0, len(events)-mostOnPage):]
	if verdict == "" {
		verdict = "it does not fail"
	}
	p := trace.Page{
		Title: w.Name(), Verdict: verdict, Seed: describe(w.seed, w.config.mode, w.config.faults), Command: command,
		Plan: w.faults.told, Sum: w.Hash(), Left: w.recorder.to.Left() + len(events) - len(last), Events: last,
	}
	text, page = base+".txt", base+".html"
	if err := writeFile(text, func(f *os.File) error { return (&trace.Text{Draws: true}).Write(f, events) }); err != nil {
		return "", "", err
	}
	return text, page, writeFile(page, func(f *os.File) error { return p.Write(f) })
}

// writeFile makes a file by write.
func writeFile(name string, write func(*os.File) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// fileName is a test's name as part of a file's.
func fileName(test string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, test)
}
