package trace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// TestPage: a page holds all that it is made of, and refers to nothing outside.
func TestPage(t *testing.T) {
	t.Parallel()
	events := madeUp(400)
	p := Page{
		Title: "TestRegister", Verdict: "a <write> was lost\nand more", Seed: "seed 7", Command: "go test -run '^TestRegister$' -simulation.seed=7",
		Plan: []string{"crash gamma", "cut alpha from beta"}, Sum: 0xabc, Left: 12, Events: events,
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"TestRegister", "a &lt;write&gt; was lost", "seed 7", "-simulation.seed=7", "<li>crash gamma</li>", "0000000000000abc", "2 planned failures"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, out := range []string{"http:", "https:", "src=", "href=", "@import", "url(\"", "fetch("} {
		if strings.Contains(page, out) {
			t.Errorf("the page refers to something outside: %q", out)
		}
	}
	m := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the page has no data")
	}
	var back struct {
		Left   int
		Hosts  []string
		Events []struct {
			T int64
			W string
		}
	}
	if err := json.Unmarshal([]byte(m[1]), &back); err != nil {
		t.Fatal(err)
	}
	if back.Left != 12 || len(back.Events) != len(events) || strings.Join(back.Hosts, " ") != "alpha beta gamma" {
		t.Errorf("left %d, %d events, hosts %v", back.Left, len(back.Events), back.Hosts)
	}
	for i, e := range back.Events {
		if e.T != int64(events[i].When) || e.W != events[i].What {
			t.Fatalf("event %d is %v, want %v", i, e, events[i])
		}
	}
}

// TestScript: the page's script is one; where there is node, it draws the picture into a
// page that is only as much of one as it needs.
func TestScript(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node here to run the script") // the page needs none; the other tests read it as text
	}
	data, err := json.Marshal(draw(madeUp(600), 3))
	if err != nil {
		t.Fatal(err)
	}
	dir := folder.New(t)
	stage, err := os.ReadFile(filepath.Join("testdata", "stage.js"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "page.js")
	text := strings.NewReplacer("DATA", string(data), "SCRIPT", pageScript).Replace(string(stage))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(node, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"<line class=\"arrow message", "class=\"arrow late", "<rect class=\"bar\"", "<rect class=\"band cut\"", "lease &lt;taken&gt; &amp; held"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	for _, bad := range []string{"NaN", "undefined", "Infinity"} {
		if i := strings.Index(string(out), bad); i >= 0 {
			t.Errorf("the picture has %s: %s", bad, out[max(0, i-200):i+100])
		}
	}
}

// madeUp is a trace that nothing has made: three hosts that send each other messages, of
// which some are late or lost, while one crashes and two are cut off.
func madeUp(count int) []Event {
	m := making{r: rand.New(rand.NewPCG(1, 2))}
	for i, h := range makers {
		m.add(Event{Host: h, What: "start"})
		m.add(Event{Host: h, What: "task", ID: uint64(100 + i), Text: "serve"})
		m.add(Event{Host: h, What: "listen", Text: ":4000"})
	}
	for len(m.all) < count {
		m.now += time.Duration(m.r.IntN(900)) * time.Microsecond
		m.land()
		m.next()
	}
	return m.all[:count]
}

// makers are the hosts of a trace that is made up.
var makers = []string{"alpha", "beta", "gamma"}

// making is a trace that is being made up.
type making struct {
	r      *rand.Rand
	now    time.Duration
	id     uint64
	all    []Event
	flying []Event // with the time at which they are to come
	down   bool
}

func (m *making) add(e Event) {
	if e.When == 0 {
		e.When = m.now
	}
	m.all = append(m.all, e)
}

// land has come what is due.
func (m *making) land() {
	slices.SortStableFunc(m.flying, func(a, b Event) int { return cmp.Compare(a.When, b.When) })
	for len(m.flying) > 0 && m.flying[0].When <= m.now {
		m.add(m.flying[0])
		m.flying = m.flying[1:]
	}
}

// next makes something happen.
func (m *making) next() {
	r := m.r
	from, to := r.IntN(3), r.IntN(3)
	if from == to || m.down && from == 2 {
		return
	}
	m.id++
	switch n := r.IntN(40); {
	case n == 0:
		m.add(Event{Host: "gamma", What: map[bool]string{false: "crash", true: "start"}[m.down], Text: "power"})
		m.down = !m.down
	case n == 2:
		m.add(Event{Host: "alpha", Peer: "beta", What: "cut"})
	case n == 3:
		m.add(Event{Host: "alpha", Peer: "beta", What: "heal"})
	case n == 4:
		m.now += 50 * time.Millisecond
	case n < 8:
		m.add(Event{Host: makers[from], What: "task", ID: m.id, Text: fmt.Sprintf("client %d", m.id)})
	case n < 11 && m.id > 3:
		m.add(Event{Host: makers[from], What: "done", ID: m.id - 2})
	case n < 13:
		m.add(Event{Host: makers[from], What: "note", Text: "lease <taken> & held"})
	case n < 17:
		m.add(Event{Host: makers[from], What: "turn"})
		m.add(Event{What: Draw, Text: "latency", ID: 401, Sum: 17})
	default:
		m.send(makers[from], makers[to])
	}
}

// send has a message set out.
func (m *making) send(from, to string) {
	m.add(Event{Host: from, What: "send", Peer: to, ID: m.id, Size: 64})
	took := 100*time.Microsecond + time.Duration(m.r.IntN(900))*time.Microsecond
	end := Event{Host: to, What: "arrive", Peer: from, ID: m.id, Size: 64}
	switch m.r.IntN(20) {
	case 0:
		end.What, end.Host, end.Peer = "lost", from, to
	case 1:
		took += 40 * time.Millisecond
	}
	end.When = m.now + took
	m.flying = append(m.flying, end)
}
