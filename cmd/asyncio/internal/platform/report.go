// Package platform is the command platform: what works on this machine, found out by
// trying it.
package platform

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// Details are what help says of it.
const Details = `
Tries every event loop, selector and proactor, and what the system offers beside them,
and prints what came out of it on this very machine. A loop works if it ran a callback, a
timer, a wake-up from another goroutine and a TCP echo.`

// Run prints a report to out, as text or as JSON; version is this program's.
func Run(out *os.File, version string, asJSON bool) error {
	r := examine(version)
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := out.WriteString(r.text())
	return err
}

// Report is what has been found out.
type Report struct {
	Version   string           `json:"asyncio"`
	Go        string           `json:"go"`
	OS        string           `json:"os"`
	Arch      string           `json:"arch"`
	CPUs      int              `json:"cpus"`
	Default   defaultReport    `json:"default"`
	Loops     []loopReport     `json:"loops"`
	Selectors []selectorReport `json:"selectors"`
	Proactors []proactorReport `json:"proactors"`
	Features  []featureReport  `json:"features"`
	Limits    limitsReport     `json:"limits"`
	Clock     clockReport      `json:"clock"`
}

// verdict is what came out of a trial.
type verdict struct {
	Works bool   `json:"works"`
	Error string `json:"error,omitempty"`
}

func verdictOf(err error) verdict {
	if err != nil {
		return verdict{Error: fault.WhyNot(err)}
	}
	return verdict{Works: true}
}

// defaultReport is what NewEventLoop makes.
type defaultReport struct {
	Loop string `json:"loop,omitempty"`
	Over string `json:"over,omitempty"` // the mechanism
	Why  string `json:"why"`
}

type loopReport struct {
	Name string `json:"name"`
	verdict
	Default bool `json:"default"`
}

type selectorReport struct {
	Name          string        `json:"name"`
	verdict                     // of the selector
	Default       bool          `json:"default"`
	Loop          verdict       `json:"loop"`  // of a loop over it
	Pipes         bool          `json:"pipes"` // it can watch pipes
	MaxDescriptor int           `json:"max_descriptor,omitempty"`
	MaxSockets    int           `json:"max_sockets,omitempty"`
	SocketsOnly   bool          `json:"sockets_only"`
	Precision     time.Duration `json:"precision_ns"`
}

type proactorReport struct {
	Name    string `json:"name"`
	verdict        // of a loop over it
	Detail  string `json:"detail,omitempty"` // what of the mechanism is in use
}

// featureReport says whether this version's loops can do something, and whether
// the system can.
type featureReport struct {
	Name   string  `json:"name"`
	Loops  verdict `json:"loops"`
	System verdict `json:"system"`
}

// limitsReport is what the system allows the process.
type limitsReport struct {
	Descriptors    uint64 `json:"descriptors,omitempty"`
	MaxDescriptors uint64 `json:"max_descriptors,omitempty"` // to which it may be raised
}

type clockReport struct {
	Resolution time.Duration `json:"resolution_ns"` // the smallest step that was seen
	TimerLate  time.Duration `json:"timer_late_ns"` // by which a timer of one millisecond ran late, the median
}

// examine tries everything.
func examine(version string) *Report {
	p := &Report{
		Version: version,
		Go:      runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Limits: examineLimits(),
	}
	available := selectors.Available()
	for _, info := range available {
		p.Selectors = append(p.Selectors, examineSelector(info))
	}
	p.Proactors = examineProactors()
	p.Default = examineDefault()
	p.Loops = []loopReport{
		{"SelectorEventLoop", selectorLoopVerdict(p.Selectors), p.Default.Loop == "SelectorEventLoop"},
		{"ProactorEventLoop", examineProactorLoop(), p.Default.Loop == "ProactorEventLoop"},
	}
	p.Features, p.Clock = examineFeatures(), examineClock()
	return p
}

func examineSelector(info selectors.Info) selectorReport {
	r := selectorReport{
		Name: info.Name, verdict: verdictOf(info.Err), Default: info.Default,
		MaxDescriptor: info.MaxDescriptor, MaxSockets: info.MaxFiles, SocketsOnly: info.SocketsOnly, Precision: info.Precision,
		Loop: verdict{Error: "there is no such selector"},
	}
	if info.Works {
		r.Loop = verdictOf(tryLoop(info.New, tryEverything))
		r.Pipes = tryLoop(info.New, tryPipe) == nil
	}
	return r
}

// selectorLoopVerdict: the loop works if it does over one of the selectors.
func selectorLoopVerdict(all []selectorReport) verdict {
	v := verdict{Error: "no selector works here"}
	for _, s := range all {
		switch {
		case s.Loop.Works:
			return s.Loop
		case s.Works:
			v = s.Loop
		}
	}
	return v
}

// examineProactors tries each mechanism, in the form that any thread may use.
func examineProactors() []proactorReport {
	var all []proactorReport
	for _, info := range proactors.Available() {
		if !info.Pinned {
			all = append(all, examineProactor(info.Name, info.New))
		}
	}
	return all
}

// examineProactor tells the whole reason if there is none: that it is forbidden is
// something else than that it is another system's.
func examineProactor(name string, open func() (proactors.Proactor, error)) proactorReport {
	r := proactorReport{Name: name}
	err := tryProactor(func() (proactors.Proactor, error) {
		p, err := open()
		if err == nil {
			r.Detail = p.String()
		}
		return p, err
	}, tryEverything)
	if err != nil {
		r.Error = strings.TrimPrefix(fault.OneLine(err), "proactors: ")
	}
	r.Works = err == nil
	return r
}

// examineProactorLoop tries the loop over what it takes by itself.
func examineProactorLoop() verdict { return examineProactor("", proactors.NewDefaultProactor).verdict }

// examineDefault makes a loop as a program that says nothing would.
func examineDefault() defaultReport {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return defaultReport{Why: fault.OneLine(err)}
	}
	defer loop.Close()
	b, err := asyncio.LoopBackend(loop)
	if err != nil {
		return defaultReport{Loop: fmt.Sprintf("%T", loop), Why: fault.OneLine(err)}
	}
	r := defaultReport{Loop: "SelectorEventLoop", Over: b.Name, Why: b.Why}
	if b.Kind == "proactor" {
		r.Loop = "ProactorEventLoop"
	}
	return r
}
