package simulation_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/go-asyncio/asyncio/simulation"
)

// writeAhead is a log of records with checksums, as a database has it.
type writeAhead struct {
	disk simulation.FS
	file simulation.File
	end  int64
}

// openLog opens the log, and returns what is in it. What comes behind the last whole record is
// cut off.
func openLog(d simulation.FS) (*writeAhead, []string, error) {
	f, err := d.OpenFile("log", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	l := &writeAhead{disk: d, file: f}
	records, err := l.replay()
	if err == nil {
		err = errors.Join(f.Truncate(l.end), f.Sync(), d.SyncDir("."))
	}
	return l, records, err
}

func (l *writeAhead) replay() (records []string, err error) {
	all, err := io.ReadAll(l.file)
	if err != nil {
		return nil, err
	}
	for {
		head := all[l.end:]
		if len(head) < 8 {
			return records, nil
		}
		size, sum := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
		if size == 0 || uint64(size) > uint64(len(head)-8) || crc32.ChecksumIEEE(head[8:8+size]) != sum {
			return records, nil
		}
		records = append(records, string(head[8:8+size]))
		l.end += 8 + int64(size)
	}
}

// append adds a record, in two writes, so that one may be lost.
func (l *writeAhead) append(record string) error {
	var head [8]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(record)))
	binary.LittleEndian.PutUint32(head[4:], crc32.ChecksumIEEE([]byte(record)))
	if _, err := l.file.WriteAt([]byte(record), l.end+8); err != nil {
		return err
	}
	if _, err := l.file.WriteAt(head[:], l.end); err != nil {
		return err
	}
	l.end += 8 + int64(len(record))
	return nil
}

// crashing is a disk that crashes when so many operations have been done.
type crashing struct {
	*simulation.Disk
	left int
}

type crashingFile struct {
	simulation.File
	disk *crashing
}

func (c *crashing) step() {
	if c.left--; c.left == 0 {
		c.Crash()
	}
}

func (c *crashing) OpenFile(name string, flag int, perm fs.FileMode) (simulation.File, error) {
	c.step()
	f, err := c.Disk.OpenFile(name, flag, perm)
	return &crashingFile{f, c}, err
}

func (c *crashing) SyncDir(name string) error { c.step(); return c.Disk.SyncDir(name) }

func (f *crashingFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.step()
	return f.File.WriteAt(p, off)
}

func (f *crashingFile) Truncate(size int64) error { f.disk.step(); return f.File.Truncate(size) }
func (f *crashingFile) Sync() error               { f.disk.step(); return f.File.Sync() }

// TestDiskLogRecovers has a log crash at each of its operations, and again while it recovers
// from that: what was acknowledged is there each time, in order, and nothing else that was not
// appended.
func TestDiskLogRecovers(t *testing.T) {
	t.Parallel()
	crashes, lost := 0, 0
	for seed := range uint64(12) {
		for point := 1; point < 60; point++ {
			d := &crashing{simulation.NewDisk(seed), point}
			r := rand.New(rand.NewPCG(seed, uint64(point)))
			var appended []string
			acknowledged := 0
			for life := range 4 {
				l, records, err := openLog(d)
				if err != nil {
					crashes++
					d.left = 1 + r.IntN(12)
					continue // it crashed while it recovered
				}
				if len(records) < acknowledged || len(records) > len(appended) {
					t.Fatalf("seed %d, crash at %d: %d records, of %d acknowledged, %d appended", seed, point, len(records), acknowledged, len(appended))
				}
				for i, record := range records {
					if record != appended[i] {
						t.Fatalf("seed %d, crash at %d: record %d is %q", seed, point, i, record)
					}
				}
				lost += len(appended) - len(records)
				appended, acknowledged = records, len(records)
				for n := range 20 {
					record := fmt.Sprintf("life %d, record %d, %0*d", life, n, 1+r.IntN(2000), n)
					if err = l.append(record); err != nil {
						appended = append(appended, record)
						break
					}
					appended = append(appended, record)
					if n%3 == 2 {
						if err = l.file.Sync(); err != nil {
							break
						}
						acknowledged = len(appended)
					}
				}
				if err != nil {
					crashes++
					d.left = 1 + r.IntN(12)
				}
			}
		}
	}
	if crashes < 600 || lost < 100 {
		t.Errorf("there were %d crashes, which lost %d records: this shows nothing", crashes, lost)
	}
}
