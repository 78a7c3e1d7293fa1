// Command memory measures what servers of many connections hold in memory: idle and untouched,
// idle and once used, right after a burst, and when that is over; and what the garbage collector
// costs them meanwhile. Each server is a process of its own, which is this program again, so that
// the runtime can be asked. Linux only. See bench/README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// options are the command line.
type options struct {
	Conns      int           `json:"conns"`
	Asked      int           `json:"asked"` // how many connections were asked for
	Size       int           `json:"size"`
	Active     int           `json:"active"`
	Load       time.Duration `json:"load_ns"`
	BurstConns int           `json:"burst_conns"`
	Burst      int           `json:"burst_bytes"`
	Settle     time.Duration `json:"settle_ns"`
	Cycles     int           `json:"forced_cycles"`
	Procs      int           `json:"gomaxprocs"`
}

// report is what --json prints.
type report struct {
	Time    time.Time `json:"time"`
	System  string    `json:"system"`
	Go      string    `json:"go"`
	CPUs    int       `json:"cpus"`
	Options options   `json:"options"`
	Skipped []string  `json:"skipped"` // what was not measured, and why
	Servers []result  `json:"servers"`
}

func main() {
	var o options
	names := flag.String("contenders", strings.Join(allNames(), ","), "who is measured")
	serve := flag.String("serve", "", "be this `server` (which the command starts by itself)")
	flag.IntVar(&o.Asked, "conns", 19000, "how many connections each server gets")
	flag.IntVar(&o.Size, "size", 64, "how many bytes a message has")
	flag.IntVar(&o.Active, "active", 50, "how many of them say something while the others are idle")
	flag.DurationVar(&o.Load, "load", 3*time.Second, "for how long")
	flag.IntVar(&o.BurstConns, "burst-conns", 1000, "how many connections have a burst, all at once")
	flag.IntVar(&o.Burst, "burst", 512<<10, "how many bytes a burst has")
	flag.DurationVar(&o.Settle, "settle", 10*time.Second, "how long after the burst the last look is")
	flag.IntVar(&o.Cycles, "cycles", 20, "how many cycles of the collector are forced while some say something")
	flag.IntVar(&o.Procs, "procs", 1, "GOMAXPROCS of the servers")
	asJSON := flag.Bool("json", false, "print everything as JSON")
	flag.Parse()
	if *serve != "" {
		check(beServer(*serve))
		return
	}
	r := report{Time: time.Now().UTC(), System: systemName(), Go: runtime.Version(), CPUs: runtime.NumCPU(), Skipped: []string{}}
	o.Conns = o.Asked
	if room, limit := descriptors(); o.Asked > room {
		o.Conns = room
		r.Skipped = append(r.Skipped, fmt.Sprintf("%d connections: a process may have %d descriptors here (ulimit -n), so %d connections were measured", o.Asked, limit, room))
	}
	o.BurstConns, o.Active = min(o.BurstConns, o.Conns), min(o.Active, o.Conns)
	r.Options = o
	for name := range strings.SplitSeq(*names, ",") {
		if !slices.Contains(allNames(), name) {
			check(fmt.Errorf("there is no contender %q; there are %s", name, strings.Join(allNames(), ", ")))
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", name)
		s, err := measure(name, o)
		if err != nil {
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		r.Servers = append(r.Servers, s)
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		check(e.Encode(r))
		return
	}
	check(show(r))
}

// descriptors is how many connections a process may have, and the limit that says so. Some
// descriptors are for other things.
func descriptors() (room, limit int) {
	var r unix.Rlimit
	check(unix.Getrlimit(unix.RLIMIT_NOFILE, &r)) // package os has raised it as far as it may
	limit = int(min(r.Max, 1<<30))
	return limit - 200, limit
}

// systemName is the kernel's name and release.
func systemName() string {
	var u unix.Utsname
	check(unix.Uname(&u))
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// check ends the program if there is an error.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

// show prints two tables: bytes, and the collector.
func show(r report) error {
	o := r.Options
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d connections; bytes per connection: heap + stack (RSS)\t\t\t\t\t\t\t\n", o.Conns)
	fmt.Fprintf(w, "server\tempty RSS KiB\tuntouched\tonce used\tburst: RSS MiB\tafter it\tafter %v\tfreed to the system\t\n", o.Settle)
	for _, s := range r.Servers {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%s\t%s\t%s\t\n", s.Name, s.Empty.RSS>>10, s.each(o, s.Untouched), s.each(o, s.Used),
			s.Peak.RSS>>20, s.each(o, s.AfterBurst), s.each(o, s.Settled), s.each(o, s.Freed))
	}
	fmt.Fprintf(w, "\nthe collector with %d of %d connections active\t\t\t\t\t\t\t\n", o.Active, o.Conns)
	fmt.Fprint(w, "server\tmessages\tcycles\tGC share\tallocated B/msg\tforced: CPU ms/cycle\tpause p50, p99, max µs\tp99 of an answer, quiet / forced ms\t\n")
	for _, s := range r.Servers {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.2f %%\t%.1f\t%.1f\t%.0f, %.0f, %.0f\t%.2f / %.2f\t\n", s.Name, s.Load.Messages, s.Load.Cycles, 100*s.Load.Share,
			s.Load.AllocatedEach, 1000*s.Forced.CPUEach, s.Forced.Pauses.P50, s.Forced.Pauses.P99, s.Forced.Pauses.Max, s.Load.AnswerP99*1e3, s.Forced.AnswerP99*1e3)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range r.Skipped {
		fmt.Println("skipped:", s)
	}
	return nil
}

// each is what a connection holds.
func (s *result) each(o options, m sample) string {
	per := func(a, b int64) int64 { return (a - b) / int64(o.Conns) }
	return fmt.Sprintf("%d + %d (%d)", per(m.Heap, s.Empty.Heap), per(m.Stack, s.Empty.Stack), per(m.RSS, s.Empty.RSS))
}
