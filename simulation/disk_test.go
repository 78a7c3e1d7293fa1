package simulation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
	"github.com/go-asyncio/asyncio/simulation"
)

// overDisks runs f over a simulated disk and over one of the system.
func overDisks(t *testing.T, f func(t *testing.T, d simulation.FS)) {
	t.Helper()
	t.Run("simulated", func(t *testing.T) {
		t.Parallel()
		f(t, simulation.NewDisk(1))
	})
	t.Run("system", func(t *testing.T) {
		t.Parallel()
		d, err := simulation.NewOSDisk(folder.New(t))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		f(t, d)
	})
}

// put writes a file anew.
func put(t *testing.T, d simulation.FS, name string, p []byte, sync bool) {
	t.Helper()
	f, err := d.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(p); err != nil {
		t.Fatal(err)
	}
	if sync {
		must(t, f.Sync())
	}
	must(t, f.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get is what is in a file; nil if there is none.
func get(t *testing.T, d fs.FS, name string) []byte {
	t.Helper()
	p, err := fs.ReadFile(d, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err == nil && p == nil {
		p = []byte{}
	}
	return p
}

func TestDiskFS(t *testing.T) {
	t.Parallel()
	overDisks(t, func(t *testing.T, d simulation.FS) {
		must(t, d.Mkdir("a", 0o755))
		must(t, d.Mkdir("a/b", 0o755))
		for _, name := range []string{"x", "a/y", "a/b/z", "a/b/empty"} {
			put(t, d, name, []byte(name)[:len(name)%7], true)
		}
		must(t, d.SyncDir("a/b"))
		if err := fstest.TestFS(d, "x", "a/y", "a/b/z", "a/b/empty"); err != nil {
			t.Error(err)
		}
	})
}

// TestDiskErrors compares what the system refuses.
func TestDiskErrors(t *testing.T) {
	t.Parallel()
	overDisks(t, func(t *testing.T, d simulation.FS) {
		put(t, d, "file", []byte("abc"), false)
		must(t, d.Mkdir("dir", 0o755))
		put(t, d, "dir/file", nil, false)
		open := func(name string, flag int) error {
			f, err := d.OpenFile(name, flag, 0o644)
			if err == nil {
				err = f.Close()
			}
			return err
		}
		file, err := d.OpenFile("file", os.O_RDONLY, 0)
		must(t, err)
		_, written := file.Write([]byte("x"))
		must(t, file.Close())
		_, closed := file.Read(make([]byte, 1))
		for name, c := range map[string]struct{ err, want error }{
			"absent":             {open("none", os.O_RDONLY), fs.ErrNotExist},
			"absent directory":   {open("none/x", os.O_RDWR|os.O_CREATE), fs.ErrNotExist},
			"exists":             {open("file", os.O_RDWR|os.O_CREATE|os.O_EXCL), fs.ErrExist},
			"out of it":          {open("../x", os.O_RDONLY), fs.ErrInvalid},
			"mkdir again":        {d.Mkdir("dir", 0o755), fs.ErrExist},
			"remove nothing":     {d.Remove("none"), fs.ErrNotExist},
			"remove not empty":   {d.Remove("dir"), errAny},
			"directory writes":   {open("dir", os.O_RDWR), errAny},
			"rename nothing":     {d.Rename("none", "other"), fs.ErrNotExist},
			"rename into itself": {d.Rename("dir", "dir/x"), errAny},
			"write to read":      {written, errAny},
			"closed":             {closed, fs.ErrClosed},
			"sync nothing":       {d.SyncDir("none"), fs.ErrNotExist},
		} {
			if c.err == nil || c.want != errAny && !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %v", name, c.err, c.want)
			}
		}
	})
}

// errAny is any error.
var errAny = errors.New("any error")

// TestDiskSameAsSystem does the same at random to both kinds of disks: all is seen alike.
func TestDiskSameAsSystem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		system, err := simulation.NewOSDisk(folder.New(t))
		must(t, err)
		defer system.Close()
		both := []simulation.FS{simulation.NewDisk(seed), system}
		r := rand.New(rand.NewPCG(seed, 0))
		for step := range 300 {
			op, a, b := r.IntN(8), diskName(r), diskName(r)
			size, off := r.IntN(5000), r.Int64N(9000)
			var said []string
			for _, d := range both {
				said = append(said, doOnDisk(d, op, a, b, off, bytes.Repeat([]byte{byte(step)}, size)))
			}
			if said[0] != said[1] {
				t.Fatalf("seed %d, step %d: operation %d on %s, %s: simulated %s, system %s", seed, step, op, a, b, said[0], said[1])
			}
		}
		if s, o := treeOf(t, both[0]), treeOf(t, both[1]); s != o {
			t.Fatalf("seed %d: simulated\n%s\nsystem\n%s", seed, s, o)
		}
	}
}

func diskName(r *rand.Rand) string {
	return []string{"a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a"}[r.IntN(8)]
}

// doOnDisk does something, and says how that went.
func doOnDisk(d simulation.FS, op int, a, b string, off int64, p []byte) string {
	var err error
	switch op {
	case 0:
		err = d.Mkdir(a, 0o755)
	case 1:
		err = d.Remove(a)
	case 2:
		err = d.Rename(a, b)
	default:
		var f simulation.File
		if f, err = d.OpenFile(a, []int{os.O_RDWR | os.O_CREATE, os.O_RDWR | os.O_CREATE | os.O_APPEND, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_RDWR}[op-3], 0o644); err != nil {
			break
		}
		defer f.Close()
		switch op {
		case 5:
			err = f.Truncate(off)
		case 7:
			_, err = f.WriteAt(p, off)
		default:
			_, err = f.Write(p)
		}
	}
	return fmt.Sprint(err == nil)
}

// treeOf is all that is on a disk, as text.
func treeOf(t *testing.T, d fs.FS) string {
	t.Helper()
	var b bytes.Buffer
	must(t, fs.WalkDir(d, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			fmt.Fprintln(&b, name, err)
			return nil
		}
		fmt.Fprintf(&b, "%s %x\n", name, get(t, d, name))
		return nil
	}))
	return b.String()
}

// TestDiskCrashContents writes to a file at random and crashes: each byte is one that was
// written there since the last Sync, or what was synced.
func TestDiskCrashContents(t *testing.T) {
	t.Parallel()
	lost, torn := 0, 0
	for seed := range uint64(120) {
		d := simulation.NewDisk(seed)
		r := rand.New(rand.NewPCG(seed, 1))
		f, err := d.OpenFile("file", os.O_RDWR|os.O_CREATE, 0o644)
		must(t, err)
		must(t, d.SyncDir("."))
		h := diskHistory{sizes: []int{0}, since: map[int][]byte{}}
		for step := range 1 + r.IntN(20) {
			h.do(t, f, r, byte(step+1))
		}
		d.Crash()
		got := get(t, d, "file")
		if err := h.check(got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		switch {
		case bytes.Equal(got, h.now):
		case bytes.Equal(got, h.synced):
			lost++
		default:
			torn++
		}
		if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("a file that was open before the crash: %v", err)
		}
	}
	if lost < 8 || torn < 8 {
		t.Errorf("of 120 crashes %d have lost all that was not synced, and %d a part of it", lost, torn)
	}
}

// diskHistory is what was done to a file.
type diskHistory struct {
	synced, now []byte
	sizes       []int          // that the file had since the last Sync
	since       map[int][]byte // what each byte was written as since
}

// do does something at random.
func (h *diskHistory) do(t *testing.T, f simulation.File, r *rand.Rand, with byte) {
	t.Helper()
	off, p := r.IntN(10000), bytes.Repeat([]byte{with}, 1+r.IntN(6000))
	switch r.IntN(6) {
	case 0:
		must(t, f.Sync())
		h.synced, h.sizes = slices.Clone(h.now), nil
		clear(h.since)
	case 1:
		must(t, f.Truncate(int64(off)))
		h.now = append(h.now, make([]byte, max(off-len(h.now), 0))...)[:off]
	default:
		_, err := f.WriteAt(p, int64(off))
		must(t, err)
		h.now = append(h.now, make([]byte, max(off+len(p)-len(h.now), 0))...)
		copy(h.now[off:], p)
		for i := range p {
			h.since[off+i] = append(h.since[off+i], p[i])
		}
	}
	h.sizes = append(h.sizes, len(h.now))
}

// check looks at what a crash has left.
func (h *diskHistory) check(got []byte) error {
	if len(h.sizes) == 1 && !bytes.Equal(got, h.synced) {
		return errors.New("what was synced is not there")
	}
	least := slices.Min(h.sizes)
	if len(got) > slices.Max(h.sizes) || len(got) < least {
		return fmt.Errorf("the size is %d, it was one of %v", len(got), h.sizes)
	}
	for i, b := range got {
		safe := i < len(h.synced) && b == h.synced[i]
		// Zero is what was cut off and came back, and what was never written.
		empty := b == 0 && (i >= len(h.synced) || i >= least)
		if !safe && !empty && !slices.Contains(h.since[i], b) {
			return fmt.Errorf("byte %d is %d, and was written as %v since the Sync", i, b, h.since[i])
		}
	}
	return nil
}

// TestDiskCrashReplace replaces a file as programs do: there is the old one or the new one, and
// after SyncDir the new one.
func TestDiskCrashReplace(t *testing.T) {
	t.Parallel()
	before, after := bytes.Repeat([]byte("old "), 3000), bytes.Repeat([]byte("new!"), 2000)
	seen := map[string]int{}
	for seed := range uint64(300) {
		d := simulation.NewDisk(seed)
		put(t, d, "file", before, true)
		must(t, d.SyncDir("."))
		put(t, d, "file.new", after, seed%3 > 0)
		must(t, d.Rename("file.new", "file"))
		if seed%3 > 1 {
			must(t, d.SyncDir("."))
		}
		d.Crash()
		got := get(t, d, "file")
		switch {
		case bytes.Equal(got, before):
			seen[fmt.Sprint(seed%3, " old")]++
		case bytes.Equal(got, after):
			seen[fmt.Sprint(seed%3, " new")]++
		case len(got) == 0:
			seen[fmt.Sprint(seed%3, " empty")]++
		default:
			seen[fmt.Sprint(seed%3, " torn")]++
		}
	}
	for outcome, possible := range map[string]bool{
		"0 old": true, "0 new": true, "0 empty": true, "0 torn": true, // the new one was not synced
		"1 old": true, "1 new": true, "1 empty": false, "1 torn": false,
		"2 old": false, "2 new": true, "2 empty": false, "2 torn": false, // nor its name
	} {
		if (seen[outcome] > 0) != possible {
			t.Errorf("%s: %d times", outcome, seen[outcome])
		}
	}
}

// TestDiskCrashNames changes directories at random, and crashes: the names that were synced
// last and not touched since are there, and none that never was.
func TestDiskCrashNames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		d := simulation.NewDisk(seed)
		r := rand.New(rand.NewPCG(seed, 2))
		for _, dir := range []string{"d", "e"} {
			must(t, d.Mkdir(dir, 0o755))
		}
		must(t, d.SyncDir("."))
		safe, touched := map[string]string{}, map[string]bool{}
		for step := range r.IntN(30) {
			a, b := diskPlaceName(r), diskPlaceName(r)
			switch r.IntN(4) {
			case 0:
				_ = d.Remove(a)
				touched[a] = true
			case 1:
				if d.Rename(a, b) == nil && a != b {
					touched[a], touched[b] = true, true
				}
			case 2:
				put(t, d, a, []byte(fmt.Sprint(a, step)), true)
				touched[a] = true
			default:
				dir := a[:1]
				must(t, d.SyncDir(dir))
				for _, n := range []string{"1", "2", "3"} {
					name := dir + "/" + n
					safe[name], touched[name] = string(get(t, d, name)), false
				}
			}
		}
		d.Crash()
		for name, want := range safe {
			if got := string(get(t, d, name)); !touched[name] && got != want {
				t.Errorf("seed %d: %s has %q, and was synced as %q", seed, name, got, want)
			}
		}
		must(t, fs.WalkDir(d, ".", func(name string, e fs.DirEntry, err error) error {
			if !e.IsDir() && (len(name) != 3 || name[1] != '/') {
				t.Errorf("seed %d: there is %q", seed, name)
			}
			return err
		}))
	}
}

func diskPlaceName(r *rand.Rand) string {
	return []string{"d", "e"}[r.IntN(2)] + "/" + []string{"1", "2", "3"}[r.IntN(3)]
}

// TestDiskSameSeed has the same seed lose the same.
func TestDiskSameSeed(t *testing.T) {
	t.Parallel()
	once := func(seed uint64) string {
		d := simulation.NewDisk(seed)
		r := rand.New(rand.NewPCG(seed, 3))
		for step := range 200 {
			doOnDisk(d, r.IntN(8), diskName(r), diskName(r), r.Int64N(9000), bytes.Repeat([]byte{byte(step)}, r.IntN(5000)))
		}
		d.Crash()
		return treeOf(t, d)
	}
	differ := 0
	for seed := range uint64(20) {
		first, again := once(seed), once(seed)
		if first != again {
			t.Errorf("seed %d: two crashes differ", seed)
		}
		if first != once(seed+100) {
			differ++
		}
	}
	if differ < 10 {
		t.Error("seeds make no difference")
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	d := simulation.NewDisk(1)
	d.SetConditions(simulation.DiskConditions{Size: 1000})
	f, err := d.OpenFile("a", os.O_RDWR|os.O_CREATE, 0o644)
	must(t, err)
	if n, err := f.Write(make([]byte, 1500)); n != 1000 || !errors.Is(err, syscall.ENOSPC) {
		t.Error(n, err)
	}
	if n, err := f.WriteAt(make([]byte, 500), 100); n != 500 || err != nil {
		t.Error("over what is there:", n, err)
	}
	if err := f.Truncate(1001); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	must(t, f.Truncate(400))
	put(t, d, "b", make([]byte, 600), false)
	must(t, d.Rename("b", "a")) // what was there is gone
	if d.Used() != 600 {
		t.Error(d.Used())
	}
	if _, err := f.Write(make([]byte, 100)); err != nil {
		t.Error("a file without a name:", err)
	}
	must(t, d.Remove("a"))
	if d.Used() != 0 {
		t.Error(d.Used())
	}
}

func TestDiskFailing(t *testing.T) {
	t.Parallel()
	d := simulation.NewDisk(1)
	d.SetConditions(simulation.DiskConditions{Failing: 0.25})
	f, err := d.OpenFile("a", os.O_RDWR|os.O_CREATE, 0o644)
	must(t, err)
	failed := 0
	for range 1000 {
		_, written := f.WriteAt([]byte("x"), 0)
		_, read := f.ReadAt(make([]byte, 1), 0)
		for _, err := range []error{written, read, f.Sync(), d.SyncDir(".")} {
			if err != nil && err != io.EOF {
				failed++
				if !errors.Is(err, syscall.EIO) {
					t.Fatal(err)
				}
			}
		}
	}
	if failed < 800 || failed > 1200 {
		t.Errorf("of 4000 operations %d have failed, a quarter was to", failed)
	}
}

// TestDiskCosts has the disk ask for the time that it takes.
func TestDiskCosts(t *testing.T) {
	t.Parallel()
	d := simulation.NewDisk(1)
	d.SetConditions(simulation.DiskConditions{
		Sync: simulation.Between(5*time.Millisecond, 10*time.Millisecond), Write: simulation.Between(time.Millisecond, time.Millisecond), Bandwidth: 1e6,
	})
	var took []time.Duration
	simulation.ChargeDisk(d, func(t time.Duration) { took = append(took, t) })
	put(t, d, "a", make([]byte, 2000), true)
	if len(took) != 2 || took[0] != 3*time.Millisecond || took[1] < 5*time.Millisecond || took[1] > 10*time.Millisecond {
		t.Error(took)
	}
}

// TestDiskOfHost has a host that counts its starts on its disk crash again and again: it finds
// what it has synced, and those of the life before reach nothing.
func TestDiskOfHost(t *testing.T) {
	t.Parallel()
	simulation.Test(t, func(w *simulation.World) {
		h := w.Host("server")
		h.Disk().SetConditions(simulation.DiskConditions{Sync: simulation.Between(time.Millisecond, 5*time.Millisecond)})
		synced, late := 0, error(nil)
		h.Start(func(ctx context.Context) error {
			d := simulation.HostOf(ctx).Disk()
			defer func() { late = d.Mkdir("late", 0o755) }()
			count := len(get(t, d, "count"))
			if count < synced {
				w.Errorf("%d were synced, %d are there", synced, count)
			}
			for {
				count++
				_, err := asyncio.ToThread(ctx, func() (int, error) {
					f, err := d.OpenFile("count", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
					if err != nil {
						return 0, err
					}
					defer f.Close()
					_, err = f.Write([]byte("x"))
					return 0, errors.Join(err, f.Sync(), d.SyncDir("."))
				})
				if err != nil {
					return err
				}
				synced = count
			}
		})
		for range 20 {
			w.RunFor(50 * time.Millisecond)
			before := synced
			h.Crash()
			w.RunFor(0)
			if h.Restart(); before == 0 || !errors.Is(late, fs.ErrClosed) {
				w.Errorf("%d synced; a deferred function of the one that crashed: %v", before, late)
			}
		}
		h.Crash()
	})
}
