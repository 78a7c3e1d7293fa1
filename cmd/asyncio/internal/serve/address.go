package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"github.com/go-asyncio/asyncio"
)

// remedy is what can be done if the address could not be had.
func (e endpoint) remedy(err error) string {
	switch {
	case errors.Is(err, errAddressInUse) && e.network == networkUnix:
		return "; there is a program that listens there, or a file that is no socket: choose another path with --listen"
	case errors.Is(err, errAddressInUse):
		return "; choose another port with --listen, or 0 for one that the system picks"
	case errors.Is(err, fs.ErrPermission) && e.network == networkUnix:
		return "; choose a path with --listen in a directory that you may write in"
	case errors.Is(err, fs.ErrPermission):
		return "; ports below 1024 may need privileges: choose another one with --listen"
	}
	return ""
}

// reason is what the system said, if it said something, without what was done.
func reason(err error) string {
	var (
		errno   syscall.Errno
		dns     *net.DNSError
		address *net.AddrError
	)
	switch {
	case errors.Is(err, asyncio.ErrInvalidArgument), errors.Is(err, errors.ErrUnsupported):
		return err.Error() // the loop has said what is wrong, and what to do
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &dns):
		return fmt.Sprintf("%s: %s", dns.Name, dns.Err)
	case errors.As(err, &address):
		return address.Err
	}
	return err.Error()
}
