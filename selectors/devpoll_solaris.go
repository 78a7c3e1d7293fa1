package selectors

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctlPoll is DP_POLL of <sys/devpoll.h>, which package unix lacks.
const ioctlPoll = 0xD001

// dvpoll is struct dvpoll of <sys/devpoll.h>.
type dvpoll struct {
	fds     *devpollEntry
	nfds    uint
	timeout int32
}

// devpoll is the devpollSystem of Solaris and illumos: GOOS illumos takes
// files named for solaris too.
type devpoll struct {
	file int
	poll dvpoll // on the heap: its address goes to the kernel as a number
}

func newDevpoll() (devpollSystem, error) {
	file, err := unix.Open("/dev/poll", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("selectors: NewDevpollSelector: %w",
			&os.PathError{Op: "open", Path: "/dev/poll", Err: err})
	}
	return &devpoll{file: file}, nil
}

func (d *devpoll) fd() uintptr { return uintptr(d.file) }

func (d *devpoll) close() error { return unix.Close(d.file) }

func (d *devpoll) check(fd uintptr) error { return checkOpen(fd) }

func (d *devpoll) write(changes []devpollEntry) (int, error) {
	const size = int(unsafe.Sizeof(devpollEntry{}))
	n, err := unix.Write(d.file, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(changes))), size*len(changes)))
	return max(n, 0) / size, err
}

// wait goes through the one function of package unix that passes any ioctl
// with a number. The number is an address here: d and events are on the heap,
// which does not move, and are kept alive until the call is over.
func (d *devpoll) wait(events []devpollEntry, milliseconds int) (int, error) {
	d.poll = dvpoll{fds: unsafe.SliceData(events), nfds: uint(len(events)), timeout: int32(milliseconds)}
	n, err := unix.IoctlSetIntRetInt(d.file, ioctlPoll, int(uintptr(unsafe.Pointer(&d.poll))))
	runtime.KeepAlive(d)
	return n, err
}
