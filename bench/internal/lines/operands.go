// Package lines finds out which lines of the processor's cache a program touches, from what its
// registers were before each of its instructions, and which objects they are of.
package lines

import "golang.org/x/arch/x86/x86asm"

// Registers are those of an x86-64 processor before an instruction, as far as addresses are made of them.
type Registers struct {
	PC      uint64
	General [16]uint64 // RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15
	FS, GS  uint64     // the bases of the segments
}

// The general registers that instructions use without naming them.
const (
	rcx = 1
	rsp = 4
	rbp = 5
	rsi = 6
	rdi = 7
)

// Access is memory that an instruction reads or writes.
type Access struct {
	Address uint64
	Size    int
}

// word is what push, pop, call and return move.
const word = 8

// Accesses appends what one instruction touches to those before. Of a repeated string instruction it is one
// repetition. It reports false if an address is made of what is not known: vectors.
func Accesses(before []Access, inst *x86asm.Inst, r *Registers) ([]Access, bool) {
	if n, ok := stringUnit(inst.Op); ok {
		return stringAccesses(before, inst, r, n), true
	}
	switch inst.Op {
	case x86asm.LEA, x86asm.NOP:
		return before, true
	case x86asm.PUSH, x86asm.CALL, x86asm.PUSHF, x86asm.PUSHFD, x86asm.PUSHFQ:
		before = append(before, Access{r.General[rsp] - word, word})
	case x86asm.POP, x86asm.RET, x86asm.POPF, x86asm.POPFD, x86asm.POPFQ:
		before = append(before, Access{r.General[rsp], word})
	case x86asm.LEAVE:
		before = append(before, Access{r.General[rbp], word})
	}
	for _, arg := range inst.Args {
		mem, ok := arg.(x86asm.Mem)
		if !ok {
			continue
		}
		address, ok := address(mem, inst, r)
		if !ok {
			return before, false
		}
		before = append(before, Access{address, max(inst.MemBytes, 1)})
	}
	return before, true
}

// address is where an operand is.
func address(mem x86asm.Mem, inst *x86asm.Inst, r *Registers) (uint64, bool) {
	base, ok := value(mem.Base, inst, r)
	if !ok {
		return 0, false
	}
	index, ok := value(mem.Index, inst, r)
	if !ok {
		return 0, false
	}
	at := base + index*uint64(mem.Scale) + uint64(mem.Disp)
	if inst.AddrSize == 32 {
		at = uint64(uint32(at))
	}
	switch mem.Segment {
	case x86asm.FS:
		at += r.FS
	case x86asm.GS:
		at += r.GS
	}
	return at, true
}

// value is what a register adds to an address.
func value(reg x86asm.Reg, inst *x86asm.Inst, r *Registers) (uint64, bool) {
	switch {
	case reg == 0:
		return 0, true
	case reg == x86asm.RIP:
		return r.PC + uint64(inst.Len), true
	case x86asm.RAX <= reg && reg <= x86asm.R15:
		return r.General[reg-x86asm.RAX], true
	case x86asm.EAX <= reg && reg <= x86asm.R15L:
		return uint64(uint32(r.General[reg-x86asm.EAX])), true
	}
	return 0, false
}

// stringUnit is how many bytes a string instruction moves at a time, if it is one.
func stringUnit(op x86asm.Op) (int, bool) {
	switch op {
	case x86asm.MOVSB, x86asm.STOSB, x86asm.LODSB, x86asm.CMPSB, x86asm.SCASB:
		return 1, true
	case x86asm.MOVSW, x86asm.STOSW, x86asm.LODSW, x86asm.CMPSW, x86asm.SCASW:
		return 2, true
	case x86asm.MOVSD, x86asm.STOSD, x86asm.LODSD, x86asm.CMPSD, x86asm.SCASD:
		return 4, true
	case x86asm.MOVSQ, x86asm.STOSQ, x86asm.LODSQ, x86asm.CMPSQ, x86asm.SCASQ:
		return 8, true
	}
	return 0, false
}

// stringAccesses is Accesses for one repetition of a string instruction.
func stringAccesses(before []Access, inst *x86asm.Inst, r *Registers, n int) []Access {
	for _, prefix := range inst.Prefix {
		if p := prefix &^ (x86asm.PrefixImplicit | x86asm.PrefixIgnored); (p == x86asm.PrefixREP || p == x86asm.PrefixREPN) && r.General[rcx] == 0 {
			return before
		}
	}
	switch inst.Op {
	case x86asm.STOSB, x86asm.STOSW, x86asm.STOSD, x86asm.STOSQ, x86asm.SCASB, x86asm.SCASW, x86asm.SCASD, x86asm.SCASQ:
	default:
		before = append(before, Access{r.General[rsi], n})
	}
	switch inst.Op {
	case x86asm.LODSB, x86asm.LODSW, x86asm.LODSD, x86asm.LODSQ:
	default:
		before = append(before, Access{r.General[rdi], n})
	}
	return before
}
