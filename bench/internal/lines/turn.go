package lines

import (
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/arch/x86/x86asm"
)

// LineSize is how many bytes a line of the cache has.
const LineSize = 64

// recordSize is what c/steps.c writes for each instruction: a program counter, 16 general registers, and
// two bases of segments.
const recordSize = 19 * 8

// longest is how many bytes an instruction has at most.
const longest = 15

// touch is memory that one instruction has touched, within one line.
type touch struct {
	pc, address uint64
	size        int
}

func (t touch) line() uint64 { return t.address / LineSize }

// Turn is what a program has done between two marks.
type Turn struct {
	touches map[touch]bool
	code    map[uint64]bool // lines of instructions
	unknown int             // instructions of which the operands are not known
}

// Reader turns records of registers into what was touched.
type Reader struct {
	from   io.Reader
	memory io.ReaderAt // of the program, for its instructions
	known  map[uint64]*x86asm.Inst
	buffer []Access
}

// NewReader returns a reader of records, for a program whose memory can be read.
func NewReader(from io.Reader, memory io.ReaderAt) *Reader {
	return &Reader{from: from, memory: memory, known: make(map[uint64]*x86asm.Inst)}
}

// Turn returns what was done until the next mark.
func (r *Reader) Turn() (*Turn, error) {
	turn := &Turn{touches: make(map[touch]bool), code: make(map[uint64]bool)}
	var record [recordSize]byte
	for {
		if _, err := io.ReadFull(r.from, record[:]); err != nil {
			return nil, err
		}
		registers := decodeRecord(record[:])
		if registers.PC == 0 {
			return turn, nil
		}
		r.add(turn, &registers)
	}
}

func decodeRecord(record []byte) (r Registers) {
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(record[i*8:]) }
	r.PC = word(0)
	for i := range r.General {
		r.General[i] = word(1 + i)
	}
	r.FS, r.GS = word(17), word(18)
	return r
}

// add enters what one instruction touches.
func (r *Reader) add(turn *Turn, registers *Registers) {
	inst := r.instruction(registers.PC)
	if inst == nil {
		turn.unknown++
		return
	}
	for line := registers.PC / LineSize; line <= (registers.PC+uint64(inst.Len)-1)/LineSize; line++ {
		turn.code[line] = true
	}
	var ok bool
	if r.buffer, ok = Accesses(r.buffer[:0], inst, registers); !ok {
		turn.unknown++
	}
	for _, access := range r.buffer {
		turn.enter(registers.PC, access)
	}
}

// enter enters an access, for each line of its own.
func (t *Turn) enter(pc uint64, a Access) {
	for a.Size > 0 {
		n := min(a.Size, int(LineSize-a.Address%LineSize))
		t.touches[touch{pc, a.Address, n}] = true
		a.Address += uint64(n)
		a.Size -= n
	}
}

// instruction decodes what is at an address, nil if that is not known.
func (r *Reader) instruction(pc uint64) *x86asm.Inst {
	if inst, ok := r.known[pc]; ok {
		return inst
	}
	var code [longest]byte
	n, err := r.memory.ReadAt(code[:], int64(pc))
	var decoded *x86asm.Inst
	if n > 0 && (err == nil || n < longest) {
		if inst, err := x86asm.Decode(code[:n], 64); err == nil {
			decoded = &inst
		}
	}
	r.known[pc] = decoded
	return decoded
}

// lines are those that a turn has touched.
func (t *Turn) lines() map[uint64]bool {
	all := make(map[uint64]bool)
	for touch := range t.touches {
		all[touch.line()] = true
	}
	return all
}

// ErrNoTurns is returned when there is nothing to find anything out of.
var ErrNoTurns = errors.New("no connection has sent anything")
