package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"slices"
	"sort"
)

// instructions are what one message costs a server in user space.
type instructions struct {
	PerMessage float64    `json:"per_message"`
	Calls      float64    `json:"system_calls_per_message,omitempty"` // where the binary shows them
	Functions  []function `json:"functions,omitempty"`
}

type function struct {
	Name       string  `json:"name"`
	PerMessage float64 `json:"per_message"`
}

// elsewhere stands for code that is not in the binary's own file: shared libraries and the vdso.
const elsewhere = "(not in the binary)"

// attribute finds the functions that the instructions of the long run, less those of the short
// one, belong to.
func (in *instructions) attribute(binary string, short, long map[uint64]uint64, messages float64) error {
	file, err := elf.Open(binary)
	if err != nil {
		return err
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return err
	}
	symbols = slices.DeleteFunc(symbols, func(s elf.Symbol) bool { return elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Value == 0 })
	slices.SortFunc(symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	call := systemCall(file.Machine)
	sums := make(map[string]float64)
	for address, n := range long {
		executed := (float64(n) - float64(short[address])) / messages
		at := sort.Search(len(symbols), func(i int) bool { return symbols[i].Value > address }) - 1
		name := elsewhere
		if at >= 0 && address < symbols[at].Value+max(symbols[at].Size, 1) {
			name = symbols[at].Name
		}
		sums[name] += executed
		if call != nil && bytes.Equal(codeAt(file, address, len(call)), call) {
			in.Calls += executed
		}
	}
	for name, n := range sums {
		in.Functions = append(in.Functions, function{name, n})
	}
	slices.SortFunc(in.Functions, func(a, b function) int {
		return cmp.Or(cmp.Compare(b.PerMessage, a.PerMessage), cmp.Compare(a.Name, b.Name))
	})
	return nil
}

// isGo tells whether a binary was built by Go.
func isGo(binary string) bool {
	file, err := elf.Open(binary)
	if err != nil {
		return false
	}
	defer file.Close()
	return file.Section(".gopclntab") != nil
}

func systemCall(machine elf.Machine) []byte {
	switch machine {
	case elf.EM_X86_64:
		return []byte{0x0f, 0x05} // syscall
	case elf.EM_AARCH64:
		return []byte{0x01, 0x00, 0x00, 0xd4} // svc #0
	}
	return nil
}

func codeAt(file *elf.File, address uint64, n int) []byte {
	for _, section := range file.Sections {
		if section.Flags&elf.SHF_EXECINSTR == 0 || address < section.Addr || address+uint64(n) > section.Addr+section.Size {
			continue
		}
		code := make([]byte, n)
		if _, err := section.ReadAt(code, int64(address-section.Addr)); err != nil {
			return nil
		}
		return code
	}
	return nil
}
