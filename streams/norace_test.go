//go:build !race

package streams

const underRace = false
