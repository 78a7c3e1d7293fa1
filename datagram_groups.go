package asyncio

import (
	"net"
	"net/netip"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// group is a multicast group, ready for the system.
type group struct {
	addr  sock.Addr
	iface int
}

// parse checks a multicast group.
func (g MulticastGroup) parse(op string) (group, error) {
	addr := g.Addr.Unmap()
	if !addr.IsMulticast() {
		return group{}, invalid(op, "%v is no multicast group", g.Addr)
	}
	iface, err := interfaceNumber(op, g.Interface)
	if err != nil {
		return group{}, err
	}
	a, err := sock.InetAddr(netip.AddrPortFrom(addr.WithZone(""), 0))
	return group{a, iface}, err
}

// interfaceNumber finds an interface by its name, number 0 for none.
func interfaceNumber(op, name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	found, err := net.InterfaceByName(name)
	if err != nil {
		return 0, invalid(op, "no interface named %q: %v", name, err)
	}
	return found.Index, nil
}

// parseGroups checks what the options say of multicast. The groups decide the family.
func (o *DatagramOptions) parseGroups(op string, e *datagramEnds) (err error) {
	if e.out, err = interfaceNumber(op, o.MulticastInterface); err != nil {
		return err
	}
	for _, g := range o.Groups {
		parsed, err := g.parse(op)
		if err != nil {
			return err
		}
		family := parsed.addr.Family()
		if e.family == 0 {
			e.family = family
		}
		if e.family != family {
			return invalid(op, "the multicast group %v is not of the address family %v of the socket", g.Addr, e.family)
		}
		e.groups = append(e.groups, parsed)
	}
	return nil
}
