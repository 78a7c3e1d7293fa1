//go:build !gc || !(386 || amd64 || arm || arm64 || s390x) || slowidentity

package goroutine

// quickExists: package goid would read the runtime's text, too, and allocate for it.
const quickExists = false
