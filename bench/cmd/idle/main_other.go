//go:build !linux

// Command idle compares what idle connections hold in memory. Linux only.
package main

import "fmt"

func main() { fmt.Println("idle: Linux only") }
