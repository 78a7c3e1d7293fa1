//go:build unix && !linux

package main

// systemProactors: there are none on such a system.
func systemProactors() map[string]verdict {
	return map[string]verdict{"io_uring": {Error: "Linux only"}, "iocp": {Error: "Windows only"}}
}
