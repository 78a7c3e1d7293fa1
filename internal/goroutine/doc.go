// Package goroutine tells goroutines apart: which one is calling ([ID]), what belongs to
// one ([Table]), where one is ([Stacks]) and where one was when it made something
// ([Trace]). Go has no name for a goroutine; a loop needs one, as asyncio needs the
// identity of a thread.
package goroutine
