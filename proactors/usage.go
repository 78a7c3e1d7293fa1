package proactors

// Usage is what a proactor uses at a moment.
type Usage struct {
	InFlight int    // operations whose last completion Wait has not returned
	Lent     int    // completions with Lent that are not released
	Starved  uint64 // how often a receive had to wait for memory of the proactor's
}

// Meter is a Proactor that tells what it uses, for reports and tests. Ours are.
type Meter interface {
	Proactor

	// Usage says what is in use now. After Close nothing is.
	Usage() Usage
}
