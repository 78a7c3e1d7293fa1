//go:build !linux

package main

// refuse is for systems that can refuse a process a system call.
func refuse([]string) int { return 3 }
