// Simulated_register searches a distributed program for a bug, in virtual time: a number that
// is kept on three hosts, and incremented by clients that hold leases.
//
// A client that is held up between reading and writing may write when its lease is over. With
// the planted bug the replicas take such a write, which undoes what another client has added
// meanwhile; so they do in the search that this program makes first. It finds a seed that loses
// an increment, runs it again, and then has it and others be tried by replicas that look at
// leases. The test beside it has the same search over all cores, with traces.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio/simulation"
)

func main() {
	seeds := flag.Uint64("seeds", 2000, "how many seeds are tried at most")
	verbose := flag.Bool("v", false, "tell which seed it was and how it failed")
	flag.Parse()

	try := func(seed uint64, trusting bool) error {
		return simulation.Run(seed, func(w *simulation.World) { incrementing(w, trusting) }, simulation.WithMode(simulation.Mixed))
	}
	seed := uint64(0)
	var found error
	for found == nil {
		if seed++; seed > *seeds {
			log.Fatalf("none of %d seeds loses an increment", *seeds)
		}
		found = try(seed, true)
	}
	fmt.Println("replicas that trust: a seed is found that loses an increment")
	if *verbose {
		fmt.Println(found)
	}

	for range 3 {
		if err := try(seed, true); err == nil || err.Error() != found.Error() {
			log.Fatalf("seed %d fails with %q, and then with %q", seed, found, err)
		}
	}
	fmt.Println("the same seed three times more: the same each time")

	for n := range uint64(200) {
		if err := try(seed+n, false); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("replicas that look at leases: neither that seed nor 199 others lose any")
}
