package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/proactors"
)

// TestServeRefused: a policy that lets a loop be made and not be run is one line on
// standard error, and nothing claims to listen.
func TestServeRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		call int
		args string
		want string
	}{
		{"uring", unix.SYS_IO_URING_ENTER, "--loop proactor", "an event loop has failed: asyncio: poll: proactors: io_uring_enter: operation not permitted; try --loop selector"},
		{"poll", unix.SYS_PPOLL, "--selector poll", "operation not permitted; here there are epoll, select"},
		{"select", unix.SYS_PSELECT6, "--selector select", "operation not permitted; here there are epoll, poll"},
	} {
		for name, args := range map[string]string{
			"one loop": "", "reuseport": "--loops 3 --share reuseport", "handover": "--loops 3 --share handover",
			"streams": "--api streams", "pinned": "--pinned",
		} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				if c.name == "uring" {
					p, err := proactors.NewIOUringProactor()
					if errors.Is(err, errors.ErrUnsupported) {
						t.Skip(err) // what is not there cannot be refused
					} else if err != nil {
						t.Fatal(err)
					}
					if err := p.Close(); err != nil {
						t.Fatal(err)
					}
				}
				r := execute(t, append([]string{refuseArgument, fmt.Sprint(c.call), "serve", "--listen", "127.0.0.1:0"},
					strings.Fields(c.args+" "+args)...)...)
				if strings.Contains(r.stderr, noFilter) {
					t.Skip(r.stderr) // the kernel, or a container, does not let a program filter its own calls
				}
				if r.status != 1 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 ||
					!strings.HasPrefix(r.stderr, "asyncio: serve: ") || !strings.HasSuffix(r.stderr, c.want+"\n") {
					t.Errorf("status %d, standard output %q, standard error %q", r.status, r.stdout, r.stderr)
				}
			})
		}
	}
}

const noFilter = "no filter of system calls here"

// refuse becomes the command in a process to which the kernel refuses one system
// call: a seccomp filter, seccomp(2), which outlives execve(2).
func refuse(args []string) int {
	runtime.LockOSThread() // the filter is the thread's
	var call uint32
	if _, err := fmt.Sscan(args[0], &call); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	const errno, allow = 0x00050000, 0x7fff0000
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: errno | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if err == nil {
		err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", noFilter, err)
		return 3
	}
	fmt.Fprintln(os.Stderr, syscall.Exec("/proc/self/exe", append(os.Args[:1:1], args[1:]...), os.Environ()))
	return 3
}
