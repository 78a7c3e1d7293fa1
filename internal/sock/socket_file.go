package sock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// SocketFile is the file that a unix socket's name has made, told apart from others that
// get its path later.
type SocketFile struct {
	path string // from the root, so that it is still right in another directory
	info fs.FileInfo
}

// binding is held while a path is looked at and acted on. It keeps apart what this
// process does; between processes a moment is left in which one can take the file of
// another that has just been bound for the one that it has looked at.
var binding sync.Mutex

// BindFile gives a unix socket its name, in place of the file of a socket that nobody
// has any more, and returns the file. Any other file, and that of a socket that somebody
// has, listening or not, is left alone: what bind(2) says of it is the error. A name
// without a file (an abstract one) returns nil.
func BindFile(fd uintptr, a Addr) (*SocketFile, error) {
	if !a.hasFile() {
		return nil, Bind(fd, a)
	}
	binding.Lock()
	defer binding.Unlock()
	removed := removeAbandoned(a)
	if err := Bind(fd, a); err != nil {
		if removed != nil {
			return nil, fmt.Errorf("%w; what is there is the file of a socket that nobody has any more, and cannot be removed: %w", err, removed)
		}
		return nil, err
	}
	return lookAt(a), nil
}

// FileOf returns the file of a unix socket that is bound already, nil if there is none.
func FileOf(fd uintptr) (*SocketFile, error) {
	a, err := SockName(fd)
	if err != nil || !a.hasFile() {
		return nil, err
	}
	return lookAt(a), nil
}

// hasFile reports whether a is the path of a file.
func (a Addr) hasFile() bool { return a.family == Unix && a.path != "" && a.path[0] != 0 }

// lookAt notes which file is at a's path; nil if there is none.
func lookAt(a Addr) *SocketFile {
	path, err := filepath.Abs(a.path)
	if err != nil {
		return nil // the directory that this process is in is gone
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return nil
	}
	os.SameFile(info, info) // Windows looks up what identifies a file when it is first asked
	return &SocketFile{path, info}
}

// Path is where the file was made.
func (f *SocketFile) Path() string { return f.path }

// Remove removes the file, unless it is gone already or another one is in its place: that
// is told by its number on its device, and by its time, since a file system gives the
// number of a removed file to the next one.
func (f *SocketFile) Remove() error {
	binding.Lock()
	defer binding.Unlock()
	return f.remove()
}

// remove is Remove for one who holds binding.
func (f *SocketFile) remove() error {
	now, err := os.Lstat(f.path)
	if err == nil && os.SameFile(f.info, now) && now.ModTime().Equal(f.info.ModTime()) {
		err = os.Remove(f.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeAbandoned removes the file at a's path if it is that of a socket that nobody has
// any more.
func removeAbandoned(a Addr) error {
	f := lookAt(a)
	if f == nil || !isAbandoned(a) {
		return nil
	}
	return f.remove()
}
