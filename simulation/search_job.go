package simulation

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	"time"
)

// jobVariable is the environment variable by which a process hears that it is to try seeds for
// a search, and which.
const jobVariable = "ASYNCIO_SIMULATION_JOB"

// job is what a process of a search is to do.
type job struct {
	Test    string // whose search it is
	First   uint64 // the seeds that it tries, up to the first that fails
	Count   uint64
	Faults  string // as the flag -simulation.faults
	Told    string // the file for what it has to tell, one JSON of jobNews a line
	Trace   string // the folder for the trace; "": none is written
	Command string // what repeats it, for the trace
}

// jobNews is what such a process tells.
type jobNews struct {
	Seed    uint64
	Begun   bool     // the seed is being tried now; else it has failed
	Message string   `json:",omitempty"` // how
	Sum     uint64   `json:",omitempty"` // of its trace
	Plan    []string `json:",omitempty"` // the faults that were planned and happened
	Text    string   `json:",omitempty"` // the files of the trace
	Page    string   `json:",omitempty"`
}

// childJob is what this process is to do for a search of the test's, nil if it is none's.
func childJob(t *testing.T) *job {
	text := os.Getenv(jobVariable)
	if text == "" {
		return nil
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatalf("simulation: %s: %v", jobVariable, err)
	}
	if j.Test != t.Name() {
		return nil
	}
	return &j
}

// run tries the seeds.
func (j *job) run(t *testing.T, f func(w *World), opts []Option) error {
	out, err := os.OpenFile(j.Told, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	tell := json.NewEncoder(out)
	for i := range j.Count {
		seed := j.First + i
		if err := tell.Encode(jobNews{Seed: seed, Begun: true}); err != nil {
			return err
		}
		if news := j.try(t, seed, f, opts); news.Message != "" || j.Trace != "" {
			return tell.Encode(news)
		}
	}
	return nil
}

// try tries one seed.
func (j *job) try(t *testing.T, seed uint64, f func(w *World), opts []Option) jobNews {
	tr := trial{seed: seed, f: f, opts: append(opts[:len(opts):len(opts)], withFaults(j.Faults))}
	if j.Trace != "" {
		tr.before = (*World).keepTrace
	}
	watch := time.AfterFunc(stuckAfter, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("simulation: the run with seed %d has not ended after %v of real time", seed, stuckAfter))
	})
	tr.run(t)
	watch.Stop()
	w := tr.world
	news := jobNews{Seed: seed, Message: tr.failed, Sum: w.Hash(), Plan: w.faults.told}
	if t.Failed() && news.Message == "" {
		news.Message = failedElsewhere
	}
	if j.Trace != "" {
		var err error
		if news.Text, news.Page, err = w.writeTrace(j.Trace, news.Message, j.Command); err != nil {
			news.Message += fmt.Sprintf("\nthe trace cannot be written: %v", err)
		}
	}
	return news
}

// stuckAfter is how much real time a run has: one that has more is stuck in a loop without
// end, and the process ends with all stacks.
const stuckAfter = 5 * time.Minute

// failedElsewhere is the message of a run whose function has failed the test by the test's
// own means. What it has said is in the process's output.
const failedElsewhere = "the test has failed"

// readNews reads what a process has told: the last of it.
func readNews(file string) (last jobNews, any bool) {
	f, err := os.Open(file)
	if err != nil {
		return last, false
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		var news jobNews
		if len(line) > 0 && json.Unmarshal(line, &news) == nil {
			last, any = news, true
		}
		if err != nil {
			return last, any
		}
	}
}
