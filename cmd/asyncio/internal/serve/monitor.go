package serve

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// monitor prints the live line. It learns what there is to see from probes, which
// it posts to the loops a few times a second: how late one runs is the lag, and
// since it runs on the loop it may look at the counters. The loops themselves do
// nothing for it.
type monitor struct {
	out    *os.File
	probes []*probe
	width  int // of the line that is shown
	quit   chan struct{}
	ended  chan struct{}
	once   sync.Once
	begun  time.Time

	mu    sync.Mutex // one line at a time
	shown view       // at the last tick
}

const (
	probePause = 100 * time.Millisecond
	linePause  = time.Second
)

// startMonitor starts one; if the line is not to be shown it does nothing.
func startMonitor(out *os.File, workers []*worker, live bool) *monitor {
	m := &monitor{out: out, quit: make(chan struct{}), ended: make(chan struct{}), begun: time.Now()}
	if !live {
		close(m.ended)
		return m
	}
	for _, w := range workers {
		m.probes = append(m.probes, &probe{worker: w, begun: m.begun})
	}
	m.shown.at = m.begun
	go m.run()
	return m
}

// stop removes the line.
func (m *monitor) stop() {
	m.once.Do(func() { close(m.quit) })
	<-m.ended
}

func (m *monitor) run() {
	defer close(m.ended)
	probes := time.NewTicker(probePause)
	defer probes.Stop()
	lines := time.NewTicker(linePause)
	defer lines.Stop()
	for {
		select {
		case <-probes.C:
			for _, p := range m.probes {
				p.post()
			}
		case <-lines.C:
			m.mu.Lock()
			v := m.look(time.Now())
			m.show(v.line(m.shown))
			m.shown = v
			m.mu.Unlock()
		case <-m.quit:
			m.mu.Lock()
			m.show("")
			m.mu.Unlock()
			return
		}
	}
}

// show replaces the line. It uses no escape sequences: not every console knows
// them.
func (m *monitor) show(line string) {
	if m.width == 0 && line == "" {
		return
	}
	padding := strings.Repeat(" ", max(m.width-len(line), 0))
	end := ""
	if line == "" {
		end = "\r"
	}
	fmt.Fprint(m.out, "\r"+line+padding+end)
	m.width = len(line)
}

// say prints a line that stays, if there is somebody to read it.
func (m *monitor) say(text string) {
	if m.probes == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.show("")
	fmt.Fprintln(m.out, text)
}

// look asks the probes.
func (m *monitor) look(now time.Time) view {
	v := view{at: now}
	for _, p := range m.probes {
		s := p.take(now)
		v.counters.add(s.counters)
		v.clients += s.clients
		v.lag = max(v.lag, s.lag)
		v.loops = append(v.loops, s)
	}
	return v
}

// view is all that the line shows, summed up over the loops.
type view struct {
	at time.Time
	counters
	clients int
	lag     time.Duration
	loops   []sample
}

// line says what has happened since the view before.
func (v view) line(before view) string {
	took := v.at.Sub(before.at).Seconds()
	total, most := 0.0, 0.0
	for i, s := range v.loops {
		var last sample
		if before.loops != nil {
			last = before.loops[i]
		}
		share := s.busySince(last)
		total += share
		most = max(most, share)
	}
	busy := fmt.Sprintf("busy %.0f%%", 100*total/float64(len(v.loops)))
	if len(v.loops) > 1 {
		busy += fmt.Sprintf(" (max %.0f%%)", 100*most)
	}
	return fmt.Sprintf("%d clients  %.0f msg/s  %sB/s  %s  lag %s", v.clients,
		float64(v.messages-before.messages)/took, short(float64(v.bytes-before.bytes)/took), busy, shortTime(v.lag))
}

// short is a number in a few characters, with the letter of its unit.
func short(n float64) string {
	if n < 999.5 {
		return fmt.Sprintf("%.0f ", n)
	}
	for _, unit := range []string{"k", "M", "G"} {
		if n /= 1000; n < 999.5 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
	}
	return fmt.Sprintf("%.3g T", n/1000)
}

func shortTime(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d us", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
