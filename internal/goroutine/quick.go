//go:build gc && (386 || amd64 || arm || arm64 || s390x) && !slowidentity

package identity

// quickExists: package goid has assembly for this processor.
const quickExists = true
