package sock

import (
	"testing"
	"unsafe"
)

// TestEnds: what was set comes back, whatever the order, and takes half the room of two
// addresses or little more.
func TestEnds(t *testing.T) {
	t.Parallel()
	unix, err := UnixAddr("/a/path")
	ok(t, err)
	unnamed, err := UnixAddr("")
	ok(t, err)
	addrs := []Addr{{}, inet(t, "1.2.3.4:5"), inet(t, "[::1]:6"), unnamed, unix}
	for _, local := range addrs {
		for _, remote := range addrs {
			var e Ends
			if e.Peer() != nil || e.Local().IsValid() || e.Remote().IsValid() {
				t.Fatal("the zero Ends are some")
			}
			e.SetRemote(local)
			e.SetRemote(remote)
			e.SetLocal(remote)
			e.SetLocal(local)
			if e.Local() != local || e.Remote() != remote || e.Peer() != nil {
				t.Errorf("%v and %v came back as %v and %v, with %v", local, remote, e.Local(), e.Remote(), e.Peer())
			}
			e.SetPeer(Credentials{PID: 1, UID: 2, GID: 3})
			if e.Local() != local || e.Remote() != remote || *e.Peer() != (Credentials{1, 2, 3}) {
				t.Errorf("%v and %v with a peer came back as %v and %v, with %v", local, remote, e.Local(), e.Remote(), *e.Peer())
			}
		}
	}
	if small, large := unsafe.Sizeof(Ends{}), 2*unsafe.Sizeof(Addr{}); small >= large {
		t.Errorf("%d bytes, where two addresses take %d", small, large)
	}
}
