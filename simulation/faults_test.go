package simulation_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/simulation"
)

// TestFaults: what is planned happens at its time, and is over by itself.
func TestFaults(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		var answers int
		var errs []error
		server, client := w.Host("server"), w.Host("client")
		server.Start(serveEcho)
		client.Start(asks(&answers, &errs))
		w.RunFor(5 * time.Second)
		two := []*simulation.Host{server, client}
		for _, f := range []simulation.Fault{
			{Kind: simulation.FaultPartition, Hosts: two[:1]},
			{Kind: simulation.FaultOneWay, Hosts: two},
			{Kind: simulation.FaultStall, Hosts: two},
			{Kind: simulation.FaultLoss, Hosts: two[:1], Share: 1},
			{Kind: simulation.FaultCrash, Hosts: two[:1]},
			{Kind: simulation.FaultPause, Hosts: two[:1]},
		} {
			f.At, f.For = 2*time.Second, 10*time.Second
			w.Faults(f)
			if text := fmt.Sprint(f); len(text) < 25 {
				w.Errorf("%q", text)
			}
			answers = 0
			w.RunFor(2 * time.Second)
			if answers < 5 {
				w.Errorf("before %v: %d answers", f, answers)
			}
			w.RunFor(time.Second)
			answers = 0
			w.RunFor(8 * time.Second)
			if answers > 0 {
				w.Errorf("while %v: %d answers", f, answers)
			}
			w.RunFor(6 * time.Second)
			answers, errs = 0, nil
			w.RunFor(5 * time.Second)
			if answers < 25 || len(errs) > 0 {
				w.Errorf("after %v: %d answers, %v", f, answers, errs)
			}
		}
	})
}

// TestRandomFaults: faults are drawn from the seed, and in the end all is well.
func TestRandomFaults(t *testing.T) {
	var first []string
	for range 3 {
		err := simulation.Run(5, func(w *simulation.World) {
			var answers int
			var errs []error
			server, client, other := w.Host("server"), w.Host("client"), w.Host("other")
			server.Start(serveEcho)
			client.Start(asks(&answers, &errs))
			other.Start(asks(&answers, &errs))
			w.RunFor(time.Second)
			texts := []string{}
			for range 5 {
				for _, f := range w.RandomFaults(simulation.FaultPlan{Count: 20}) {
					texts = append(texts, f.String())
				}
			}
			w.RunFor(30 * time.Second)
			answers, errs = 0, nil
			w.RunFor(10 * time.Second)
			if answers < 100 || len(errs) > 0 {
				w.Errorf("%d answers, %v", answers, errs)
			}
			texts = append(texts, fmt.Sprintf("%x", w.Hash()))
			if first == nil {
				first = texts
			} else if fmt.Sprint(first) != fmt.Sprint(texts) {
				w.Errorf("%v\nnot\n%v", texts, first)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestFaultsRefused: each wrong fault is named.
func TestFaultsRefused(t *testing.T) {
	for _, f := range []simulation.Fault{
		{Kind: "quake"},
		{Kind: simulation.FaultCrash},
		{Kind: simulation.FaultLoss, Share: 2},
	} {
		if err := simulation.Run(1, func(w *simulation.World) { w.Faults(f) }); err == nil || errors.Is(err, simulation.ErrCrashed) {
			t.Errorf("%v: %v", f, err)
		}
	}
}
