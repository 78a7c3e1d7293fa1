package sock

// IPBytes returns the bytes of the IP address, of which the first n count: 4 of IPv4, 16
// of IPv6, none of others.
func (a *Addr) IPBytes() (ip [16]byte, n int) {
	switch a.family {
	case Inet4:
		n = 4
	case Inet6:
		n = 16
	}
	return a.ip, n
}
