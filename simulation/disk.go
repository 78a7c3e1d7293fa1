package simulation

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// FS is a file system that a program writes to: the system's, by an [OSDisk], or a simulated
// [Disk], whose crashes lose what was not synced. Names are those of package io/fs: relative,
// with slashes, "." for the whole. Errors are *fs.PathError, but Rename's, which is an
// *os.LinkError. Any goroutine may use it, and its files.
type FS interface {
	fs.StatFS
	fs.ReadDirFS

	// OpenFile opens a file as os.OpenFile does. flag is made of os.O_RDONLY, O_WRONLY,
	// O_RDWR, O_APPEND, O_CREATE, O_EXCL and O_TRUNC.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)

	// Mkdir makes a directory.
	Mkdir(name string, perm fs.FileMode) error

	// Remove removes a file, or a directory that is empty.
	Remove(name string) error

	// Rename gives a file or a directory another name. A file that has that name already is
	// replaced, so that at each moment one of the two has it; a directory is not.
	Rename(from, to string) error

	// SyncDir returns when what was done to the entries of a directory is safe: files that
	// were made in it, removed, and renamed in it, into it or out of it. What is in the files
	// is not meant. On Windows, where the system offers nothing like it, it does nothing.
	SyncDir(name string) error
}

// File is an open file of an [FS]. *os.File is one.
type File interface {
	fs.ReadDirFile
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Seeker

	// Truncate sets the file's size. What it is longer by is zero.
	Truncate(size int64) error

	// Sync returns when what is in the file is safe. That its name is found again is another
	// matter: see SyncDir.
	Sync() error
}

// DiskConditions are those under which a simulated disk works.
type DiskConditions struct {
	Size    int64   // how many bytes files may have together; what is more is syscall.ENOSPC; 0: no limit
	Failing float64 // the share of reads, writes and syncs that fail, with syscall.EIO

	Read, Write, Sync Spread // how long each takes; charged to functions in executors
	Bandwidth         int64  // bytes a second of reads and writes, besides; 0: no limit
}

// Disk is a simulated disk. What is written is seen at once by all who read; what of it is
// still there after a crash is drawn, unless it was synced before:
//
//   - Of the writes to a file since its last Sync, all may be lost or none, all from some moment
//     on, in the middle of a write too, or any of them: a file's sectors, of 512 bytes or of
//     4 KiB, reach the disk in any order, each as it was after one of the writes to it. The
//     file's size does so by itself. What of a file is counted by its size and was not
//     written is zero.
//   - A file that was made may be absent, or empty, or have in part what was written; one that
//     was removed may be there again; a rename may not have been. Each of these is whole, they
//     are lost independently, and a SyncDir of a directory that they are about prevents it. A
//     directory is moved when all that came before is safe.
//
// Nothing comes that was never written. A failed Sync has made nothing safe, and may be called
// again. The files that are open when the disk crashes are fs.ErrClosed from then on. A Disk of
// [Host.Disk] is, too, when its host crashes, whose deferred functions reach nothing any more.
type Disk struct {
	*diskState
	life int // in which it is of use: after how many crashes; always: in any
}

// always is the life of a Disk that a crash does not end.
const always = -1

// diskState is all there is on a disk.
type diskState struct {
	mu         sync.Mutex
	chance     simulated.Chance
	conditions DiskConditions
	root       *diskNode
	changes    []*diskChange // of directories, in order, that a crash may lose
	used       int64         // bytes of all files
	crashes    int
	now        func() time.Time         // for times of files; nil: they have none
	charge     func(took time.Duration) // has an operation take so long; nil: it takes no time
}

// NewDisk makes a disk without files, which draws from a seed. A world's hosts have disks that
// draw from the world's.
func NewDisk(seed uint64) *Disk { return newDisk(newSources(seed)) }

// newDisk makes a disk without files.
func newDisk(c simulated.Chance) *Disk {
	return &Disk{&diskState{chance: c, root: newDiskDirectory(0o755)}, always}
}

// inThisLife is the disk until it crashes.
func (d *Disk) inThisLife() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Disk{d.diskState, d.crashes}
}

// SetConditions sets them from now on.
func (d *Disk) SetConditions(c DiskConditions) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conditions = c
}

// Used is how many bytes the files have together.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used
}

// fails draws whether an operation fails.
func (d *Disk) fails() error {
	if share := d.conditions.Failing; share > 0 && d.chance.N(simulated.Fault, simulated.Shares) < int64(share*simulated.Shares) {
		return syscall.EIO
	}
	return nil
}

// diskOp is what takes time.
type diskOp uint8

const (
	diskRead diskOp = iota
	diskWritten
	diskSync
)

// pay has an operation take its time, before it is done: a crash may come between. Without
// locks.
func (d *Disk) pay(op diskOp, bytes int) {
	d.mu.Lock()
	charge := d.charge
	if charge == nil {
		d.mu.Unlock()
		return
	}
	s := [...]Spread{d.conditions.Read, d.conditions.Write, d.conditions.Sync}[op]
	took := s.Least
	if s.Most > s.Least {
		took += time.Duration(d.chance.N(simulated.Cost, int64(s.Most-s.Least)+1))
	}
	if rate := d.conditions.Bandwidth; rate > 0 {
		took += time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
	}
	d.mu.Unlock()
	if took > 0 {
		charge(took)
	}
}

// time is what files have as their times.
func (d *Disk) time() time.Time {
	if d.now == nil {
		return time.Time{}
	}
	return d.now()
}

// diskFlags are the flags that OpenFile understands.
const diskFlags = os.O_RDONLY | os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREATE | os.O_EXCL | os.O_TRUNC

// OpenFile implements [FS].
func (d *Disk) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := d.open(name, flag, perm)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (d *Disk) open(name string, flag int, perm fs.FileMode) (*diskFile, error) {
	if flag&^diskFlags != 0 {
		return nil, fmt.Errorf("%w: flag %#x; use those that FS names", fs.ErrInvalid, flag&^diskFlags)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
	dir, base, n, err := d.look(name)
	switch {
	case err != nil:
		return nil, err
	case n == nil && flag&os.O_CREATE == 0:
		return nil, fs.ErrNotExist
	case n == nil:
		n = &diskNode{perm: perm & fs.ModePerm, changed: d.time(), linked: true}
		d.change(diskPlace{dir, base, n})
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, fs.ErrExist
	case n.directory() && (writes || flag&(os.O_CREATE|os.O_TRUNC) != 0):
		return nil, errIsDirectory
	}
	if flag&os.O_TRUNC != 0 && writes {
		d.resize(n, 0)
	}
	return &diskFile{disk: d, node: n, name: name, flag: flag, crashes: d.crashes}, nil
}

// Open implements [fs.FS].
func (d *Disk) Open(name string) (fs.File, error) { return d.OpenFile(name, os.O_RDONLY, 0) }

// Stat implements [fs.StatFS].
func (d *Disk) Stat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, n, err := d.look(name)
	if err == nil && n == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return n.info(name), nil
}

// ReadDir implements [fs.ReadDirFS].
func (d *Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := d.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(-1)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return entries, err
}
