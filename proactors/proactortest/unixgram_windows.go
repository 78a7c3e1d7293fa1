package proactortest

// unixgrams ends the test: Windows has no unix sockets for datagrams.
func (b *bench) unixgrams() (x, y uintptr) {
	b.Helper()
	b.Skip("Windows has no datagrams longer than those of UDP")
	return 0, 0
}
