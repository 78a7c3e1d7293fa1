package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// readyAddress is the one address to print: what was asked for, with the port that
// it became. A name may have several addresses; it stands for all of them.
func readyAddress(asked string, addrs []net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" || len(addrs) == 1 {
		return addrs[0].String()
	}
	_, port, err := net.SplitHostPort(addrs[0].String())
	if err != nil {
		return addrs[0].String()
	}
	return net.JoinHostPort(host, port)
}

// remedy is what can be done if the address could not be had.
func remedy(err error) string {
	switch {
	case errors.Is(err, errAddressInUse):
		return "; choose another port with --listen, or 0 for one that the system picks"
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
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &dns):
		return fmt.Sprintf("%s: %s", dns.Name, dns.Err)
	case errors.As(err, &address):
		return address.Err
	}
	return err.Error()
}
