package lines

import (
	"cmp"
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Process is a running program, as its binary, its mappings and its memory describe it.
type Process struct {
	Memory   *os.File
	symbols  []elf.Symbol
	lines    *gosym.Table // nil if it is not Go's
	types    *types
	heap     *heap // nil if it is not Go's
	mappings []mapping
}

// mapping is a range of a process's addresses.
type mapping struct {
	start, end uint64
	name       string
}

// OpenProcess reads what is known of a running program.
func OpenProcess(pid int, binary string) (*Process, error) {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	p := &Process{Memory: memory}
	if err := p.read(pid, binary); err != nil {
		return nil, cmp.Or(err, memory.Close())
	}
	return p, nil
}

func (p *Process) read(pid int, binary string) error {
	file, err := elf.Open(binary)
	if err != nil {
		return err
	}
	defer file.Close()
	if p.symbols, err = file.Symbols(); err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return err
	}
	slices.SortFunc(p.symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	if section := file.Section(".gopclntab"); section != nil {
		data, err := section.Data()
		if err != nil {
			return err
		}
		if p.lines, err = gosym.NewTable(nil, gosym.NewLineTable(data, file.Section(".text").Addr)); err != nil {
			return err
		}
		debug, err := file.DWARF()
		if err != nil {
			return err
		}
		if p.types, err = readTypes(debug); err != nil {
			return err
		}
		if p.heap, err = newHeap(p, p.types); err != nil {
			return err
		}
	}
	p.mappings, err = readMappings(pid)
	return err
}

func readMappings(pid int) ([]mapping, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	var all []mapping
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		from, to, _ := strings.Cut(fields[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err := cmp.Or(err1, err2); err != nil {
			return nil, err
		}
		name := "memory without a name"
		if len(fields) > 5 {
			name = path.Base(fields[5])
		}
		all = append(all, mapping{start, end, name})
	}
	return all, nil
}

// Close closes what was opened.
func (p *Process) Close() error { return p.Memory.Close() }

// symbol is the address of what has a name.
func (p *Process) symbol(name string) (uint64, error) {
	for i := range p.symbols {
		if p.symbols[i].Name == name {
			return p.symbols[i].Value, nil
		}
	}
	return 0, fmt.Errorf("the binary has no symbol %s", name)
}

// word reads 8 bytes of the process's.
func (p *Process) word(address uint64) (uint64, error) {
	var b [8]byte
	_, err := p.Memory.ReadAt(b[:], int64(address))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v, err
}

// Object implements Program.
func (p *Process) Object(address uint64) Object {
	if p.heap != nil {
		if o, ok := p.heap.object(address); ok {
			return o
		}
	}
	if s, ok := p.at(address, elf.STT_OBJECT); ok {
		return Object{s.Value, s.Size, s.Name, 0}
	}
	return Object{Region: p.region(address)}
}

// region is what a mapping is called.
func (p *Process) region(address uint64) string {
	for _, m := range p.mappings {
		if m.start <= address && address < m.end {
			return m.name
		}
	}
	return "memory that is not mapped any more"
}

// at is the symbol that an address belongs to.
func (p *Process) at(address uint64, kind elf.SymType) (elf.Symbol, bool) {
	for i := sort.Search(len(p.symbols), func(i int) bool { return p.symbols[i].Value > address }) - 1; i >= 0; i-- {
		if s := p.symbols[i]; elf.ST_TYPE(s.Info) == kind && s.Value > 0 {
			return s, address < s.Value+max(s.Size, 1)
		}
	}
	return elf.Symbol{}, false
}

// Where implements Program.
func (p *Process) Where(pc uint64) (function, source string, inlined bool) {
	if p.lines != nil {
		if file, line, f := p.lines.PCToLine(pc); f != nil {
			home, _, _ := p.lines.PCToLine(f.Entry)
			return f.Name, fmt.Sprintf("%s:%d", path.Base(file), line), file != home
		}
	}
	if s, ok := p.at(pc, elf.STT_FUNC); ok {
		return s.Name, "", false
	}
	return p.region(pc), "", false
}

// Type implements Program.
func (p *Process) Type(o Object, functions []string) (string, func(offset uint64) string) {
	if p.types != nil && o.Size > 0 && o.Region != stack {
		if t := p.types.find(o, functions); t != nil {
			return short(t.StructName), func(offset uint64) string {
				if offset < o.Header {
					return "(allocator's)"
				}
				return fieldAt(t, int64(offset-o.Header))
			}
		}
	}
	return "", func(uint64) string { return "" }
}
