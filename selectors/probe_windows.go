package selectors

import (
	"os"

	"golang.org/x/sys/windows"
)

// newProbe: a datagram socket that sends to itself. Package net's would do
// more to it than this needs.
func newProbe() (*probe, error) {
	if err := startWinsock(); err != nil {
		return nil, err
	}
	h, err := windows.Socket(windows.AF_INET, windows.SOCK_DGRAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := windows.Bind(h, &windows.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		windows.Closesocket(h)
		return nil, os.NewSyscallError("bind", err)
	}
	self, err := windows.Getsockname(h)
	if err != nil {
		windows.Closesocket(h)
		return nil, os.NewSyscallError("getsockname", err)
	}
	return &probe{
		file:         uintptr(h),
		makeReadable: func() error { return os.NewSyscallError("sendto", windows.Sendto(h, []byte{0}, 0, self)) },
		close:        func() { windows.Closesocket(h) },
	}, nil
}
