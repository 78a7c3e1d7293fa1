package simulation

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"syscall"
)

// diskFile is an open file of a Disk.
type diskFile struct {
	disk    *Disk
	node    *diskNode
	name    string
	flag    int
	crashes int // of the disk when it was opened

	// With the disk's lock held.
	closed bool
	at     int64
	listed []string // of a directory, the names that ReadDir has still to tell
	begun  bool     // ReadDir has made listed
}

// use does something with the disk's lock held, if the file is open.
func (f *diskFile) use(op string, do func() error) error {
	f.disk.mu.Lock()
	err := error(fs.ErrClosed)
	if !f.closed && f.crashes == f.disk.crashes {
		err = do()
	}
	f.disk.mu.Unlock()
	if err != nil && err != io.EOF {
		return &fs.PathError{Op: op, Path: f.name, Err: err}
	}
	return err
}

// Close implements fs.File.
func (f *diskFile) Close() error {
	return f.use("close", func() error { f.closed = true; return nil })
}

// Stat implements fs.File.
func (f *diskFile) Stat() (info fs.FileInfo, err error) {
	err = f.use("stat", func() error { info = f.node.info(f.name); return nil })
	return info, err
}

// Read implements io.Reader.
func (f *diskFile) Read(p []byte) (n int, err error) {
	f.disk.pay(diskRead, len(p))
	err = f.use("read", func() (err error) {
		n, err = f.read(p, f.at)
		f.at += int64(n)
		return err
	})
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *diskFile) ReadAt(p []byte, off int64) (n int, err error) {
	f.disk.pay(diskRead, len(p))
	err = f.use("read", func() (err error) {
		if off < 0 {
			return fs.ErrInvalid
		}
		if n, err = f.read(p, off); err == nil && n < len(p) {
			err = io.EOF
		}
		return err
	})
	return n, err
}

func (f *diskFile) read(p []byte, off int64) (n int, err error) {
	switch {
	case f.node.directory():
		return 0, errIsDirectory
	case f.flag&os.O_WRONLY != 0:
		return 0, syscall.EBADF
	case len(p) == 0:
		return 0, nil
	}
	if err := f.disk.fails(); err != nil {
		return 0, err
	}
	if data := f.node.contents.data; off < int64(len(data)) {
		return copy(p, data[off:]), nil
	}
	return 0, io.EOF
}

// Write implements io.Writer.
func (f *diskFile) Write(p []byte) (n int, err error) {
	f.disk.pay(diskWritten, len(p))
	err = f.use("write", func() (err error) {
		if f.flag&os.O_APPEND != 0 {
			f.at = int64(len(f.node.contents.data))
		}
		n, err = f.write(p, f.at)
		f.at += int64(n)
		return err
	})
	return n, err
}

// errAppends is what WriteAt is refused with.
var errAppends = errors.New("invalid use of WriteAt on a file opened with O_APPEND")

// WriteAt implements io.WriterAt.
func (f *diskFile) WriteAt(p []byte, off int64) (n int, err error) {
	if f.flag&os.O_APPEND != 0 {
		return 0, errAppends
	}
	f.disk.pay(diskWritten, len(p))
	err = f.use("write", func() (err error) {
		if off < 0 {
			return fs.ErrInvalid
		}
		n, err = f.write(p, off)
		return err
	})
	return n, err
}

func (f *diskFile) write(p []byte, off int64) (n int, err error) {
	d, c := f.disk, &f.node.contents
	if err := f.writable(); err != nil || len(p) == 0 {
		return 0, err
	}
	if off > math.MaxInt-int64(len(p)) {
		return 0, syscall.EFBIG
	}
	if err := d.fails(); err != nil {
		return 0, err
	}
	fit := p
	if room := d.room(f.node); off+int64(len(p)) > int64(len(c.data))+room {
		fit, err = p[:min(max(int64(len(c.data))+room-off, 0), int64(len(p)))], syscall.ENOSPC
	}
	if len(fit) > 0 {
		had := len(c.data)
		c.write(int(off), fit)
		d.grew(f.node, len(c.data)-had)
	}
	return len(fit), err
}

func (f *diskFile) writable() error {
	switch {
	case f.node.directory():
		return errIsDirectory
	case f.flag&(os.O_WRONLY|os.O_RDWR) == 0:
		return syscall.EBADF
	}
	return nil
}

// room is by how much a file may grow.
func (d *Disk) room(n *diskNode) int64 {
	if d.conditions.Size <= 0 || !n.linked {
		return math.MaxInt64 - int64(len(n.contents.data))
	}
	return max(d.conditions.Size-d.used, 0)
}

// grew notes that a file has grown, or shrunk.
func (d *Disk) grew(n *diskNode, by int) {
	n.changed = d.time()
	if n.linked {
		d.used += int64(by)
	}
}

// resize sets a file's size.
func (d *Disk) resize(n *diskNode, size int) {
	if had := len(n.contents.data); size != had {
		n.contents.truncate(size)
		d.grew(n, size-had)
	}
}

// Seek implements io.Seeker.
func (f *diskFile) Seek(off int64, whence int) (at int64, err error) {
	err = f.use("seek", func() error {
		switch whence {
		case io.SeekCurrent:
			off += f.at
		case io.SeekEnd:
			off += int64(len(f.node.contents.data))
		}
		if off < 0 || whence < io.SeekStart || whence > io.SeekEnd {
			return fs.ErrInvalid
		}
		f.at, at = off, off
		f.begun = false
		return nil
	})
	return at, err
}

// Truncate implements [File].
func (f *diskFile) Truncate(size int64) error {
	f.disk.pay(diskWritten, 0)
	return f.use("truncate", func() error {
		d := f.disk
		if err := f.writable(); err != nil {
			return err
		}
		if size < 0 || size > math.MaxInt {
			return fs.ErrInvalid
		}
		if size-int64(len(f.node.contents.data)) > d.room(f.node) {
			return syscall.ENOSPC
		}
		if err := d.fails(); err != nil {
			return err
		}
		d.resize(f.node, int(size))
		return nil
	})
}

// Sync implements [File]. Of a directory it is SyncDir.
func (f *diskFile) Sync() error {
	f.disk.pay(diskSync, 0)
	return f.use("sync", func() error {
		d := f.disk
		if err := d.fails(); err != nil {
			return err
		}
		if f.node.directory() {
			d.commit(f.node)
		} else {
			f.node.contents.sync()
		}
		return nil
	})
}

// ReadDir implements fs.ReadDirFile.
func (f *diskFile) ReadDir(most int) (entries []fs.DirEntry, err error) {
	err = f.use("readdir", func() error {
		if !f.node.directory() {
			return errNotDirectory
		}
		if !f.begun {
			f.begun, f.listed = true, f.node.names()
		}
		for len(f.listed) > 0 && (most <= 0 || len(entries) < most) {
			if n := f.node.entries[f.listed[0]]; n != nil {
				entries = append(entries, fs.FileInfoToDirEntry(n.info(path.Base(f.listed[0]))))
			}
			f.listed = f.listed[1:]
		}
		if most > 0 && len(entries) == 0 {
			return io.EOF
		}
		return nil
	})
	return entries, err
}
