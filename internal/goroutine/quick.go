//go:build gc && (386 || amd64 || arm || arm64 || s390x) && !slowidentity

package goroutine

// quickExists: package goid has assembly for this processor.
const quickExists = true
