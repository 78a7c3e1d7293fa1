//go:build unix && !linux

package main

// examineProactors: there are none on such a system.
func examineProactors() []proactorReport {
	return []proactorReport{
		{"io_uring", verdict{Error: notInThisVersion}, verdict{Error: "Linux only"}},
		{"iocp", verdict{Error: notInThisVersion}, verdict{Error: "Windows only"}},
	}
}
