//go:build unix

package childprogram

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// leads tells whether it leads its session, and its process group.
func leads(string) error {
	session, err := unix.Getsid(0)
	if err != nil {
		return err
	}
	group, err := unix.Getpgid(0)
	return then(err, func() error {
		return write(os.Stdout, fmt.Sprint(session == os.Getpid(), " ", group == os.Getpid()))
	})
}
