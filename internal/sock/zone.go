package sock

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// zoneLife is how long a list of the machine's interfaces is believed.
// Listing them costs more than receiving a datagram does, and a datagram from
// a link-local address needs the name of one.
const zoneLife = time.Minute

// zoneCache knows the machine's interfaces by name and by number.
type zoneCache struct {
	mu     sync.Mutex
	read   time.Time
	byName map[string]uint32
	byNum  map[uint32]string
}

var zones zoneCache

// name returns the name of an interface, or its number where it has none.
func (c *zoneCache) name(index uint32) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh(false)
	name, ok := c.byNum[index]
	if !ok && c.refresh(true) {
		name, ok = c.byNum[index]
	}
	if !ok {
		return strconv.FormatUint(uint64(index), 10)
	}
	return name
}

// index returns the number of the interface of that name.
func (c *zoneCache) index(name string) (uint32, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh(false)
	index, ok := c.byName[name]
	if !ok && c.refresh(true) {
		index, ok = c.byName[name]
	}
	return index, ok
}

// refresh lists the interfaces anew if the list is old, or if force is set and
// it is not of this very moment: an unknown number in every datagram must not
// list them for every datagram. It reports whether it did.
func (c *zoneCache) refresh(force bool) bool {
	now := time.Now()
	life := zoneLife
	if force {
		life = time.Second
	}
	if !c.read.IsZero() && now.Sub(c.read) < life {
		return false
	}
	list, err := net.Interfaces()
	if err != nil {
		return false
	}
	c.read = now
	c.byName = make(map[string]uint32, len(list))
	c.byNum = make(map[uint32]string, len(list))
	for _, i := range list {
		c.byName[i.Name] = uint32(i.Index)
		c.byNum[uint32(i.Index)] = i.Name
	}
	return true
}
