package main

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/platform"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// examination is what the command has said of this machine, once it was asked.
var examination struct {
	sync.Mutex
	report *platform.Report
}

// examined asks the command what works on this machine.
func examined(t *testing.T) *platform.Report {
	t.Helper()
	examination.Lock()
	defer examination.Unlock()
	if examination.report != nil {
		return examination.report
	}
	r := execute(t, "platform", "--json")
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("status %d, standard error %q", r.status, r.stderr)
	}
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	var p platform.Report
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	examination.report = &p
	return &p
}

// portsAreShared reports whether several sockets may listen on a port here.
func portsAreShared(t *testing.T) bool {
	t.Helper()
	for _, f := range examined(t).Features {
		if f.Name == "several servers on a port" {
			return f.System.Works
		}
	}
	t.Fatal("the command says nothing of ports that are shared")
	return false
}

// needsLoops skips a test whose arguments ask for a loop that this machine has not.
func needsLoops(t *testing.T, args []string) {
	t.Helper()
	for _, l := range examined(t).Loops {
		if l.Name == "ProactorEventLoop" && !l.Works && slices.Contains(args, "proactor") {
			t.Skip(l.Error) // a container or an emulator without io_uring: what it says is tested with the loops
		}
	}
}

func TestPlatformJSON(t *testing.T) {
	t.Parallel()
	p := examined(t)
	if p.Go != runtime.Version() || p.OS != runtime.GOOS || p.Arch != runtime.GOARCH || p.CPUs != runtime.NumCPU() || p.Version == "" {
		t.Errorf("%+v", p)
	}
	checkSelectors(t, p)
	checkLoops(t, p)
	for _, f := range p.Features {
		if f.Loops.Works && !f.System.Works {
			t.Errorf("%s: the loops do what the system cannot", f.Name)
		}
		if f.Loops.Works == (f.Loops.Error != "") || f.System.Works == (f.System.Error != "") {
			t.Errorf("%s: %+v", f.Name, f)
		}
		if f.Name == "TLS" && !f.Loops.Works {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	// Where the clock's steps are large a timer is run a part of a step early, as asyncio does.
	if p.Clock.Resolution <= 0 || p.Clock.TimerLate < -time.Millisecond || p.Clock.TimerLate == 0 {
		t.Errorf("clock %+v", p.Clock)
	}
}

func checkSelectors(t *testing.T, p *platform.Report) {
	t.Helper()
	available := selectors.Available()
	if len(p.Selectors) != len(available) {
		t.Fatalf("%d selectors, here %d", len(p.Selectors), len(available))
	}
	for i, s := range p.Selectors {
		a := available[i]
		if s.Name != a.Name || s.Works != a.Works || s.Default != a.Default || s.Works == (s.Error != "") {
			t.Errorf("selector %+v, here %+v", s, a)
		}
		if s.MaxDescriptor != a.MaxDescriptor || s.MaxSockets != a.MaxFiles || s.SocketsOnly != a.SocketsOnly || s.Precision != a.Precision {
			t.Errorf("selector %+v, here %+v", s, a.Limits)
		}
		if s.Loop.Works != s.Works || s.Pipes != (s.Works && !s.SocketsOnly) {
			t.Errorf("selector %+v", s)
		}
		if s.Default && p.Default.Loop == "SelectorEventLoop" && p.Default.Over != s.Name {
			t.Errorf("the default is %+v", p.Default)
		}
	}
}

func checkLoops(t *testing.T, p *platform.Report) {
	t.Helper()
	for _, pro := range p.Proactors {
		if pro.Works == (pro.Error != "") || pro.Works == (pro.Detail == "") {
			t.Errorf("proactor %+v", pro)
		}
	}
	defaults := 0
	for _, l := range p.Loops {
		if l.Default {
			defaults++
			if l.Name != p.Default.Loop || !l.Works {
				t.Errorf("loop %+v, default %+v", l, p.Default)
			}
		}
	}
	if defaults != 1 || p.Default.Why == "" {
		t.Errorf("%d default loops, because %q", defaults, p.Default.Why)
	}
}

func TestPlatformText(t *testing.T) {
	t.Parallel()
	r := execute(t, "platform")
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("status %d, standard error %q", r.status, r.stderr)
	}
	want := []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, "SelectorEventLoop", "ProactorEventLoop",
		"descriptors", "resolution", "pipes", "subprocesses", "unix sockets", "raw sockets", "signals", "<- default"}
	for _, i := range selectors.Available() {
		want = append(want, i.Name)
	}
	for _, i := range proactors.Available() {
		if !i.Pinned {
			want = append(want, i.Name)
		}
	}
	for _, w := range want {
		if !strings.Contains(r.stdout, w) {
			t.Errorf("nothing about %s in\n%s", w, r.stdout)
		}
	}
}
