package main

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

func TestPlatformJSON(t *testing.T) {
	t.Parallel()
	r := execute(t, "platform", "--json")
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("status %d, standard error %q", r.status, r.stderr)
	}
	var p platform
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	if p.Go != runtime.Version() || p.OS != runtime.GOOS || p.Arch != runtime.GOARCH || p.CPUs != runtime.NumCPU() || p.Version == "" {
		t.Errorf("%+v", p)
	}
	if p.Limits != examineLimits() {
		t.Errorf("limits %+v, here %+v", p.Limits, examineLimits())
	}
	checkSelectors(t, &p)
	checkLoops(t, &p)
	for _, f := range p.Features {
		if f.Loops.Works && !f.System.Works {
			t.Errorf("%s: the loops do what the system cannot", f.Name)
		}
		if f.Loops.Works == (f.Loops.Error != "") || f.System.Works == (f.System.Error != "") {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	// Where the clock's steps are large a timer is run a part of a step early, as asyncio does.
	if p.Clock.Resolution <= 0 || p.Clock.TimerLate < -time.Millisecond || p.Clock.TimerLate == 0 {
		t.Errorf("clock %+v", p.Clock)
	}
}

func checkSelectors(t *testing.T, p *platform) {
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

func checkLoops(t *testing.T, p *platform) {
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
	want := []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, "SelectorEventLoop", "ProactorEventLoop", "io_uring", "iocp",
		"descriptors", "resolution", "pipes", "subprocesses", "unix sockets", "signals", "<- default"}
	for _, i := range selectors.Available() {
		want = append(want, i.Name)
	}
	for _, w := range want {
		if !strings.Contains(r.stdout, w) {
			t.Errorf("nothing about %s in\n%s", w, r.stdout)
		}
	}
}

// brokenSelector is one whose system call fails.
type brokenSelector struct{ selectors.Selector }

var errBroken = errors.New("broken")

func (brokenSelector) Select(time.Duration) ([]selectors.Ready, error) { return nil, errBroken }

// blindSelector is one that can watch no file but the first, which is the loop's.
type blindSelector struct {
	selectors.Selector
	files int
}

func (b *blindSelector) Register(file any, events selectors.EventMask, data any) (*selectors.SelectorKey, error) {
	if b.files++; b.files > 1 {
		return nil, errBroken
	}
	return b.Selector.Register(file, events, data)
}

// TestTrialsCanFail: what does not work is not said to work.
func TestTrialsCanFail(t *testing.T) {
	t.Parallel()
	none := func() (selectors.Selector, error) { return nil, errBroken }
	broken := func() (selectors.Selector, error) {
		s, err := selectors.NewDefaultSelector()
		return brokenSelector{s}, err
	}
	blind := func() (selectors.Selector, error) {
		s, err := selectors.NewDefaultSelector()
		return &blindSelector{Selector: s}, err
	}
	for name, newSelector := range map[string]func() (selectors.Selector, error){"none": none, "broken": broken, "blind": blind} {
		if err := tryLoop(newSelector, tryEverything); !errors.Is(err, errBroken) {
			t.Errorf("%s: everything: %v", name, err)
		}
		if err := tryLoop(newSelector, tryPipe); !errors.Is(err, errBroken) {
			t.Errorf("%s: pipe: %v", name, err)
		}
	}
	for _, test := range []struct {
		reports []selectorReport
		want    verdict
	}{
		{nil, verdict{Error: "no selector works here"}},
		{[]selectorReport{{Loop: verdict{Error: "a"}}, {verdict: verdict{Works: true}, Loop: verdict{Error: "b"}}}, verdict{Error: "b"}},
		{[]selectorReport{{verdict: verdict{Works: true}, Loop: verdict{Error: "b"}}, {Loop: verdict{Works: true}}}, verdict{Works: true}},
	} {
		if got := selectorLoopVerdict(test.reports); got != test.want {
			t.Errorf("%+v: %+v", test.reports, got)
		}
	}
}
