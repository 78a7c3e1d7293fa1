//go:build !linux

// Package proc reads what another process costs and says where it runs. Linux only.
package proc
