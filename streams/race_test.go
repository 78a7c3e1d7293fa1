//go:build race

package streams

// underRace: pools forget on purpose, so allocations say nothing.
const underRace = true
