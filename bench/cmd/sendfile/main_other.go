//go:build !linux

// Command sendfile measures what it costs to send a file. Linux only.
package main

import "fmt"

func main() { fmt.Println("sendfile: Linux only") }
