package main

import (
	"flag"
	"testing"

	"github.com/go-asyncio/asyncio/simulation"
)

var trusting = flag.Bool("trusting", false, "the replicas do not look at leases: the search finds that")

// TestRegister searches for a seed that loses an increment, on all cores. With -trusting there
// are some.
func TestRegister(t *testing.T) {
	simulation.Search(t, func(w *simulation.World) { incrementing(w, *trusting) }, simulation.WithSeeds(500))
}
