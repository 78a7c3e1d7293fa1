//go:build unix

package testkit

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// OpenFiles counts the descriptors of this process, -1 where the system does not list
// them.
func OpenFiles() int {
	dir := descriptorFolder()
	if dir == "" {
		return -1
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return -1
	}
	return len(names)
}

// descriptorFolder is where the system lists the descriptors of this process, all of them,
// "" if nowhere: some systems have the folder and list the first three. Trying it has the
// runtime make the descriptors that it keeps.
var descriptorFolder = sync.OnceValue(func() string {
	r, w, err := os.Pipe()
	if err != nil {
		return ""
	}
	defer r.Close()
	defer w.Close()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if _, err := os.Lstat(filepath.Join(dir, strconv.Itoa(int(w.Fd())))); err == nil {
			return dir
		}
	}
	return ""
})

// SocketsOnly tells whether OpenFiles counts nothing but sockets.
const SocketsOnly = false
