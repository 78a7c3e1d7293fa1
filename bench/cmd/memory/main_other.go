//go:build !linux

// Command memory measures what servers hold in memory under load. Linux only.
package main

import "fmt"

func main() { fmt.Println("memory: Linux only") }
