// Package nethttp is net/http on an event loop.
//
// What blocks a coroutine on a channel blocks its loop, and http.Transport works on
// goroutines and channels of its own: used in a coroutine it waits for what only the loop
// that it holds up could bring. This package has what takes its place.
package nethttp
