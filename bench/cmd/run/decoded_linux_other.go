//go:build linux && !amd64

package main

// decoded tells that --lines does not know this processor's instructions.
const decoded = false
