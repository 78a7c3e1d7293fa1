package simulated

import "time"

// free is the Driver that lets every engine wait by itself, by the clock of package time.
type free struct{ network *Network }

func newFree(n *Network) *free { return &free{network: n} }

// Pass implements Driver.
func (*free) Pass(*Engine, time.Duration) {}

// Ready implements Driver.
func (*free) Ready(*Engine) {}

// Woken implements Driver.
func (*free) Woken(*Engine) {}
