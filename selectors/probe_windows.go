package selectors

import "net"

// newProbe: a datagram socket that sends to itself.
func newProbe() (*probe, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	return &probe{
		file:         conn,
		makeReadable: func() error { _, err := conn.WriteTo([]byte{0}, conn.LocalAddr()); return err },
		close:        func() { conn.Close() },
	}, nil
}
