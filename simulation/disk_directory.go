package simulation

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What is wrong with a name.
var (
	errIsDirectory  = syscall.EISDIR
	errNotDirectory = syscall.ENOTDIR
	errNotEmpty     = syscall.ENOTEMPTY
)

// diskNode is a file or a directory.
type diskNode struct {
	perm    fs.FileMode
	changed time.Time
	linked  bool // it has a name

	entries map[string]*diskNode // of a directory; nil: it is a file
	safe    map[string]*diskNode // those that a crash leaves

	contents diskContents // of a file
	crashes  int          // how many it has been through
}

func newDiskDirectory(perm fs.FileMode) *diskNode {
	return &diskNode{perm: perm & fs.ModePerm, linked: true, entries: map[string]*diskNode{}, safe: map[string]*diskNode{}}
}

func (n *diskNode) directory() bool { return n.entries != nil }

// names are those of a directory's entries, in order.
func (n *diskNode) names() []string { return slices.Sorted(maps.Keys(n.entries)) }

// info describes the node.
func (n *diskNode) info(name string) fs.FileInfo {
	i := diskInfo{name: path.Base(name), mode: n.perm, changed: n.changed}
	if n.directory() {
		i.mode |= fs.ModeDir
	} else {
		i.size = int64(len(n.contents.data))
	}
	return i
}

// diskPlace is an entry of a directory: what has a name in it; nil: nothing.
type diskPlace struct {
	dir  *diskNode
	name string
	node *diskNode
}

// diskChange is what was done to entries, as a whole.
type diskChange struct{ places []diskPlace }

// touches reports whether the change is about an entry of a directory.
func (c *diskChange) touches(dir *diskNode) bool {
	return slices.ContainsFunc(c.places, func(p diskPlace) bool { return p.dir == dir })
}

// commit makes the change safe.
func (c *diskChange) commit() {
	for _, p := range c.places {
		if p.node == nil {
			delete(p.dir.safe, p.name)
		} else {
			p.dir.safe[p.name] = p.node
		}
	}
}

// mostChanges is how many changes of directories the disk remembers, at most, that are not
// safe: the oldest reach it by themselves.
const mostChanges = 4096

// change changes entries, as a whole.
func (d *Disk) change(places ...diskPlace) {
	for _, p := range places {
		if p.node == nil {
			delete(p.dir.entries, p.name)
		} else {
			p.dir.entries[p.name] = p.node
		}
		p.dir.changed = d.time()
	}
	d.changes = append(d.changes, &diskChange{places})
	if len(d.changes) > mostChanges {
		d.changes[0].commit()
		d.changes = slices.Delete(d.changes, 0, 1)
	}
}

// look finds what has a name, nil if nothing has, and where that would be.
func (d *Disk) look(name string) (dir *diskNode, base string, n *diskNode, err error) {
	if d.life != always && d.life != d.crashes {
		return nil, "", nil, fs.ErrClosed
	}
	if !fs.ValidPath(name) {
		return nil, "", nil, fs.ErrInvalid
	}
	if name == "." {
		return nil, ".", d.root, nil
	}
	dir = d.root
	elements := strings.Split(name, "/")
	for _, e := range elements[:len(elements)-1] {
		switch next := dir.entries[e]; {
		case next == nil:
			return nil, "", nil, fs.ErrNotExist
		case !next.directory():
			return nil, "", nil, errNotDirectory
		default:
			dir = next
		}
	}
	base = elements[len(elements)-1]
	return dir, base, dir.entries[base], nil
}

// Mkdir implements [FS].
func (d *Disk) Mkdir(name string, perm fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base, n, err := d.look(name)
	if err == nil && n != nil {
		err = fs.ErrExist
	}
	if err != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: err}
	}
	made := newDiskDirectory(perm)
	made.changed = d.time()
	d.change(diskPlace{dir, base, made})
	return nil
}

// Remove implements [FS].
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base, n, err := d.look(name)
	switch {
	case err != nil:
	case n == nil:
		err = fs.ErrNotExist
	case dir == nil:
		err = fs.ErrInvalid // the whole
	case len(n.entries) > 0:
		err = errNotEmpty
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	d.unlink(n)
	d.change(diskPlace{dir, base, nil})
	return nil
}

// unlink notes that a node has no name any more.
func (d *Disk) unlink(n *diskNode) {
	n.linked = false
	d.used -= int64(len(n.contents.data))
}

// Rename implements [FS].
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.rename(from, to); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (d *Disk) rename(from, to string) error {
	dir, base, n, err := d.look(from)
	toDir, toBase, old, toErr := d.look(to)
	switch {
	case err != nil || toErr != nil:
		return errors.Join(err, toErr)
	case n == nil:
		return fs.ErrNotExist
	case dir == nil || toDir == nil || n.directory() && strings.HasPrefix(to, from+"/"):
		return fs.ErrInvalid
	case old != nil && old.directory():
		return fs.ErrExist
	case old == n:
		return nil
	case old != nil && n.directory():
		return errNotDirectory
	}
	if old != nil {
		d.unlink(old)
	}
	if n.directory() {
		// Were this one kept and a move of a directory before it lost, two could be in each other.
		d.commitAll()
	}
	d.change(diskPlace{dir, base, nil}, diskPlace{toDir, toBase, n})
	return nil
}

// commitAll makes safe what was done to directories.
func (d *Disk) commitAll() {
	for _, c := range d.changes {
		c.commit()
	}
	d.changes = nil
}

// SyncDir implements [FS].
func (d *Disk) SyncDir(name string) error {
	f, err := d.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	if !f.(*diskFile).node.directory() {
		return &fs.PathError{Op: "sync", Path: name, Err: errNotDirectory}
	}
	return f.Sync()
}

// commit makes safe what was done to the entries of a directory, and what of others came before
// that under the same names.
func (d *Disk) commit(dir *diskNode) {
	type entry struct {
		dir  *diskNode
		name string
	}
	needed := map[entry]bool{}
	var now, later []*diskChange
	for _, c := range slices.Backward(d.changes) {
		if !c.touches(dir) && !slices.ContainsFunc(c.places, func(p diskPlace) bool { return needed[entry{p.dir, p.name}] }) {
			later = append(later, c)
			continue
		}
		now = append(now, c)
		for _, p := range c.places {
			needed[entry{p.dir, p.name}] = true
		}
	}
	for _, c := range slices.Backward(now) {
		c.commit()
	}
	slices.Reverse(later)
	d.changes = later
}

// diskInfo is an fs.FileInfo.
type diskInfo struct {
	name    string
	size    int64
	mode    fs.FileMode
	changed time.Time
}

// Name implements fs.FileInfo.
func (i diskInfo) Name() string { return i.name }

// Size implements fs.FileInfo.
func (i diskInfo) Size() int64 { return i.size }

// Mode implements fs.FileInfo.
func (i diskInfo) Mode() fs.FileMode { return i.mode }

// ModTime implements fs.FileInfo.
func (i diskInfo) ModTime() time.Time { return i.changed }

// IsDir implements fs.FileInfo.
func (i diskInfo) IsDir() bool { return i.mode.IsDir() }

// Sys implements fs.FileInfo: there is nothing below.
func (i diskInfo) Sys() any { return nil }
