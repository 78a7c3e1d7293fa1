//go:build !linux

package selectortest

import (
	"testing"
	"time"
)

const (
	// canSignal: a signal can be sent to one thread.
	canSignal = false
	// clockUnit is how far the clock may be behind.
	clockUnit = 16 * time.Millisecond
)

// thread would be the one that the test's goroutine runs on. Here nothing
// can be learnt about it from another goroutine.
type thread struct{}

func observe(testing.TB) thread { return thread{} }

func (thread) release() {}

func (thread) wait(<-chan struct{}) bool { return true }

func (thread) signal(testing.TB) {}
