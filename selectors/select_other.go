//go:build !unix && !windows

package selectors

// SelectSelector is select(2) and does not work on this system.
type SelectSelector struct{ absent }

// NewSelectSelector makes a selector over select(2).
func NewSelectSelector() (*SelectSelector, error) {
	return nil, unsupported("NewSelectSelector", "goroutines and package net")
}
