package simulation

import (
	"io/fs"
	"os"
	"path/filepath"
)

// OSDisk is a directory of the system's as an [FS]: what a program that is simulated over a
// [Disk] has when it runs in earnest. No name leads out of the directory.
type OSDisk struct{ root *os.Root }

// NewOSDisk opens a directory that exists. Close closes it.
func NewOSDisk(dir string) (*OSDisk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &OSDisk{root}, nil
}

// Close closes the directory. Files that are open stay so.
func (d *OSDisk) Close() error { return d.root.Close() }

// local is a name as the system has it, which would take others, too.
func local(op, name string) (string, error) {
	l, err := filepath.Localize(name)
	if err != nil {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return l, nil
}

// OpenFile implements [FS].
func (d *OSDisk) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	l, err := local("open", name)
	if err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(l, flag, perm)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Open implements [fs.FS].
func (d *OSDisk) Open(name string) (fs.File, error) { return d.OpenFile(name, os.O_RDONLY, 0) }

// Stat implements [fs.StatFS].
func (d *OSDisk) Stat(name string) (fs.FileInfo, error) {
	l, err := local("stat", name)
	if err != nil {
		return nil, err
	}
	return d.root.Stat(l)
}

// ReadDir implements [fs.ReadDirFS].
func (d *OSDisk) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.root.FS(), name) }

// Mkdir implements [FS].
func (d *OSDisk) Mkdir(name string, perm fs.FileMode) error {
	l, err := local("mkdir", name)
	if err != nil {
		return err
	}
	return d.root.Mkdir(l, perm)
}

// Remove implements [FS].
func (d *OSDisk) Remove(name string) error {
	l, err := local("remove", name)
	if err != nil {
		return err
	}
	return d.root.Remove(l)
}

// Rename implements [FS].
func (d *OSDisk) Rename(from, to string) error {
	before, err := filepath.Localize(from)
	after, toErr := filepath.Localize(to)
	if err != nil || toErr != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrInvalid}
	}
	return d.root.Rename(before, after)
}

// SyncDir implements [FS].
func (d *OSDisk) SyncDir(name string) error {
	f, err := d.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	err = syncDirectory(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
