package proactors

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

	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

// refusal is what a child process of this test forbids itself.
const refusal = "ASYNCIO_TEST_REFUSE"

// TestMain lets a child process do its part.
func TestMain(m *testing.M) {
	if how := os.Getenv(refusal); how != "" {
		os.Exit(beRefused(how))
	}
	os.Exit(m.Run())
}

// TestRefused: whatever forbids io_uring, the error says what it is.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ how, want string }{
		{"425 EPERM", "a seccomp profile or another security policy forbids it"},
		{"425 EACCES", "a seccomp profile or another security policy forbids it"},
		{"425 ENOSYS", "has none, or a seccomp profile hides it"},
		{"427 EPERM", "io_uring_register"},
		{"425 EPERM disabled=1", "kernel.io_uring_disabled is 1, and this process is neither privileged"},
		{"425 EPERM disabled=2", "kernel.io_uring_disabled is 2: it is switched off for everybody"},
		{"425 ENOMEM", "not enough memory"},
		{"425 EINVAL", "too old"},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			child := again.Command()
			child.Env = append(os.Environ(), refusal+"="+c.how)
			if strings.Contains(c.how, "disabled=") {
				file := t.TempDir() + "/io_uring_disabled"
				if err := os.WriteFile(file, []byte(c.how[len(c.how)-1:]+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				child.Env = append(child.Env, refusal+"_FILE="+file)
			}
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range []string{c.want, "use a selector", errors.ErrUnsupported.Error()} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q does not say %q", out, want)
				}
			}
		})
	}
}

// beRefused installs a filter that answers one system call with an error, and prints
// what the constructor has to say.
func beRefused(how string) int {
	runtime.LockOSThread() // the filter is the thread's
	errnos := map[string]syscall.Errno{
		"EPERM": unix.EPERM, "EACCES": unix.EACCES, "ENOSYS": unix.ENOSYS, "ENOMEM": unix.ENOMEM, "EINVAL": unix.EINVAL,
	}
	var call uint32
	var name string
	if _, err := fmt.Sscan(how, &call, &name); err != nil {
		fmt.Println(err)
		return 1
	}
	if file := os.Getenv(refusal + "_FILE"); file != "" {
		disabledFile = file
	}
	if err := answer(call, errnos[name]); err != nil {
		fmt.Println(err)
		return 1
	}
	p, err := NewDefaultProactor()
	fmt.Println(p, err)
	if p != nil || !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, errnos[name]) {
		return 1
	}
	return 0
}

// answer has the kernel answer a system call of this thread with an error: a seccomp
// filter, seccomp(2).
func answer(call uint32, e syscall.Errno) error {
	const errno, allow = 0x00050000, 0x7fff0000
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: errno | uint32(e)},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
}
