package trace

import (
	"fmt"
	"slices"
	"time"
)

// picture is what a page draws: events, and what stands between two of them. Events and hosts
// are named by their places in the lists.
type picture struct {
	Left   int      `json:"left"`
	Hosts  []string `json:"hosts"`
	Events []spot   `json:"events"`
	Arrows []arrow  `json:"arrows"`
	Bars   []bar    `json:"bars"`
	Bands  []band   `json:"bands"`

	places map[string]int  // of hosts
	sent   map[uint64]int  // where messages set out
	met    map[uint64]bool // that have come, or got lost
	began  map[barKey]bool // tasks whose beginning is known
	bars   map[barKey]int  // that have no end yet
	bands  map[bandKey]int // likewise
	lanes  map[int][]bool  // which lanes beside a host are taken
}

// nowhere is the place of what has none.
const nowhere = -1

// spot is an event.
type spot struct {
	When time.Duration `json:"t"`
	Host int           `json:"h"`
	What string        `json:"w"`
	Kind string        `json:"k"`
	Peer int           `json:"p"`
	ID   uint64        `json:"i,omitempty"`
	Text string        `json:"x,omitempty"`
	Tag  string        `json:"l,omitempty"` // of a message: what is written beside it
}

// arrow is a message: from where it sets out to where it arrives, or gets lost.
type arrow struct {
	From int    `json:"a"`
	To   int    `json:"b"` // nowhere: it is under way at the end
	Fate string `json:"f,omitempty"`
}

// What becomes of a message, if it does not simply arrive.
const (
	late = "late" // it takes many times as long as most
	lost = "lost"
	open = "open" // it is under way at the end
)

// bar is a task, from its beginning to its end.
type bar struct {
	Host int    `json:"h"`
	Lane int    `json:"l"`
	From int    `json:"a"` // nowhere: before the first event
	To   int    `json:"b"` // nowhere: it goes on
	Name string `json:"n"`
	End  string `json:"e,omitempty"`
}

// band is a failure that lasts.
type band struct {
	Host int    `json:"h"`
	Peer int    `json:"p"`
	From int    `json:"a"`
	To   int    `json:"b"` // nowhere: it lasts
	Kind string `json:"k"`
}

type barKey struct {
	host int
	id   uint64
}

type bandKey struct {
	kind       string
	host, peer int
}

// draw makes the picture of events, before which there were others.
func draw(events []Event, left int) *picture {
	p := &picture{
		Left: left, Hosts: []string{}, Events: make([]spot, 0, len(events)), Arrows: []arrow{}, Bars: []bar{}, Bands: []band{},
		places: map[string]int{}, sent: map[uint64]int{}, met: map[uint64]bool{},
		began: map[barKey]bool{}, bars: map[barKey]int{}, bands: map[bandKey]int{}, lanes: map[int][]bool{},
	}
	for i := range events {
		p.add(&events[i])
	}
	for i := range p.Events {
		if e := &p.Events[i]; e.Kind == ofMessages && e.ID != 0 && p.sent[e.ID] == i && !p.met[e.ID] && e.Peer != nowhere {
			p.Arrows = append(p.Arrows, arrow{From: i, To: nowhere, Fate: open})
		}
	}
	p.markLate()
	return p
}

// place is the place of a host.
func (p *picture) place(host string) int {
	if host == "" {
		return nowhere
	}
	i, known := p.places[host]
	if !known {
		i = len(p.Hosts)
		p.Hosts = append(p.Hosts, host)
		p.places[host] = i
	}
	return i
}

// add adds an event.
func (p *picture) add(e *Event) {
	v := verbOf(e)
	s := spot{When: e.When, Host: p.place(e.Host), What: e.What, Kind: v.kind, Peer: p.place(e.Peer), ID: e.ID, Text: details(e)}
	if v.kind == ofMessages {
		short := *e
		if short.Text = ""; readable(e.Data) {
			short.Size = 0 // there is more to see
		}
		s.Tag = details(&short)
	}
	at := len(p.Events)
	p.Events = append(p.Events, s)
	if v.kind == ofMessages && e.ID != 0 {
		p.message(at, v)
	}
	if v.kind == ofTasks {
		p.task(at, e, v)
	} else {
		p.failure(at, v)
	}
}

// message adds where a message sets out or ends.
func (p *picture) message(at int, v verb) {
	id := p.Events[at].ID
	from, known := p.sent[id]
	switch {
	case !known:
		if p.sent[id] = at; v.cross {
			p.met[id] = true
			p.Arrows = append(p.Arrows, arrow{From: at, To: at, Fate: lost})
		}
	case v.again:
		p.sent[id], p.met[id] = at, false
	case v.cross:
		p.met[id] = true
		p.Arrows = append(p.Arrows, arrow{From: from, To: at, Fate: lost})
	case p.Events[at].Host != p.Events[from].Host || p.Events[from].Host == p.Events[from].Peer:
		p.met[id] = true
		p.Arrows = append(p.Arrows, arrow{From: from, To: at})
	}
}

// task adds where a task begins or ends.
func (p *picture) task(at int, e *Event, v verb) {
	key := barKey{p.Events[at].Host, e.ID}
	name := e.Text
	if name == "" {
		name = fmt.Sprintf("Task-%d", e.ID)
	}
	if v.opens != "" {
		p.began[key] = true
		p.bars[key] = len(p.Bars)
		p.Bars = append(p.Bars, bar{Host: key.host, Lane: p.lane(key.host), From: at, To: nowhere, Name: name})
		return
	}
	i, known := p.bars[key]
	switch {
	case known:
	case p.began[key]:
		return // a crash has ended it
	default: // it began before the first event that is kept
		i = len(p.Bars)
		p.Bars = append(p.Bars, bar{Host: key.host, Lane: p.lane(key.host), From: nowhere, Name: name})
	}
	p.endTask(key, i, at, e.What)
}

// endTask ends a bar.
func (p *picture) endTask(key barKey, i, at int, how string) {
	b := &p.Bars[i]
	b.To, b.End = at, how
	p.lanes[b.Host][b.Lane] = false
	delete(p.bars, key)
}

// lane takes a free lane beside a host.
func (p *picture) lane(host int) int {
	lanes := p.lanes[host]
	i := slices.Index(lanes, false)
	if i < 0 {
		i = len(lanes)
		lanes = append(lanes, false)
	}
	lanes[i] = true
	p.lanes[host] = lanes
	return i
}

// failure adds where a failure begins or ends.
func (p *picture) failure(at int, v verb) {
	s := &p.Events[at]
	if key := (bandKey{v.opens, s.Host, s.Peer}); v.opens != "" {
		if _, lasts := p.bands[key]; lasts {
			return
		}
		p.bands[key] = len(p.Bands)
		p.Bands = append(p.Bands, band{Host: s.Host, Peer: s.Peer, From: at, To: nowhere, Kind: v.opens})
	}
	if v.closes != "" {
		key := bandKey{v.closes, s.Host, s.Peer}
		if i, known := p.bands[key]; known {
			p.Bands[i].To = at
			delete(p.bands, key)
		}
	}
	if v.opens == "down" { // its tasks are no more
		for i := range p.Bars {
			if b := &p.Bars[i]; b.Host == s.Host && b.To == nowhere {
				b.To, b.End = at, s.What
			}
		}
		delete(p.lanes, s.Host)
		for key := range p.bars {
			if key.host == s.Host {
				delete(p.bars, key)
			}
		}
	}
}

// markLate marks the messages that take more than eight times as long as half of all do.
func (p *picture) markLate() {
	var took []time.Duration
	for _, a := range p.Arrows {
		if a.Fate == "" {
			took = append(took, p.Events[a.To].When-p.Events[a.From].When)
		}
	}
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	usual := took[len(took)/2]
	for i := range p.Arrows {
		if a := &p.Arrows[i]; a.Fate == "" && p.Events[a.To].When-p.Events[a.From].When > 8*usual && usual > 0 {
			a.Fate = late
		}
	}
}
