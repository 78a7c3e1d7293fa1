package lines

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"
)

// text is a program: what it has at 0x1000 stores to the object of a connection, at two places, what it
// has at 0x1008 loads from memory that all have, and what it has at 0x1010 stores where nobody has stored before.
var text = map[uint64][]byte{
	0x1000: {0x48, 0x89, 0x03},       // mov [rbx], rax
	0x1003: {0x48, 0x89, 0x43, 0x3c}, // mov [rbx+60], rax
	0x1008: {0x48, 0x8b, 0x07},       // mov rax, [rdi]
	0x1010: {0x88, 0x06},             // mov [rsi], al
}

// textMemory is the memory of the program, which has only its text.
type textMemory struct{}

func (textMemory) ReadAt(p []byte, at int64) (int, error) {
	return copy(p, text[uint64(at)]), io.EOF
}

// objects says what the program's addresses are: objects of 128 bytes.
type objects struct{}

func (objects) Object(address uint64) Object { return Object{address &^ 127, 128, "heap", 0} }

func (objects) Where(pc uint64) (function, source string, inlined bool) {
	return "folder/p.(*object).use", fmt.Sprintf("p.go:%d", pc&0xff), false
}

func (objects) Type(o Object, _ []string) (string, func(uint64) string) {
	if o.Base < 0x100000 {
		return "", func(uint64) string { return "" }
	}
	return "p.object", func(offset uint64) string { return map[uint64]string{0: "first", 56: "last", 64: "next"}[offset] }
}

// records are what c/steps.c would write of one turn: of a connection, or of all.
func records(fresh *uint64, connections ...int) io.Reader {
	var b bytes.Buffer
	step := func(pc uint64, registers map[int]uint64) {
		var all [19]uint64
		all[0] = pc
		for i, v := range registers {
			all[1+i] = v
		}
		_ = binary.Write(&b, binary.LittleEndian, all)
	}
	const rbx = 3
	for _, c := range connections {
		own := 0x100000 + uint64(c)*128
		step(0x1000, map[int]uint64{rbx: own})
		step(0x1003, map[int]uint64{rbx: own})
		step(0x1008, map[int]uint64{rdi: 0x9000})
		step(0x1010, map[int]uint64{rsi: *fresh})
		*fresh += LineSize
	}
	step(0, nil)
	return &b
}

// TestLinesOfAKnownProgramAreFound has a program whose every access is known.
func TestLinesOfAKnownProgramAreFound(t *testing.T) {
	t.Parallel()
	const connections, rounds = 8, 3
	fresh := uint64(0x40000)
	turn := func(connections ...int) *Turn {
		turn, err := NewReader(records(&fresh, connections...), textMemory{}).Turn()
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	alone := make([][]*Turn, connections)
	var all []int
	for c := range alone {
		for range rounds {
			alone[c] = append(alone[c], turn(c))
		}
		all = append(all, c)
	}
	f, err := Find(alone, []*Turn{turn(all...)}, objects{})
	if err != nil {
		t.Fatal(err)
	}
	near := func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
	// The second store lies across two lines.
	if !near(f.Code, 1) || !near(f.Shared, 1) || !near(f.Own, 2) || !near(f.Passing, 1) || !near(f.Together, 1) || f.Unknown != 0 {
		t.Errorf("%+v", f)
	}
	if len(f.OwnObjects) != 1 {
		t.Fatalf("%+v", f.OwnObjects)
	}
	o := f.OwnObjects[0]
	if o.Object != "128 B of heap, p.object" || !near(o.Lines, 2) || !slices.Equal(o.Bytes, []string{"0 first", "56 last", "64 next"}) ||
		!slices.Equal(o.Where, []string{"p.(*object).use p.go:0,3"}) {
		t.Errorf("%+v", o)
	}
}

// TestNothingWasSent has no turns to find anything in.
func TestNothingWasSent(t *testing.T) {
	t.Parallel()
	if _, err := Find(nil, nil, objects{}); err != ErrNoTurns {
		t.Errorf("%v", err)
	}
}

// TestInstructionsThatAreNotKnownAreCounted has one that is none.
func TestInstructionsThatAreNotKnownAreCounted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, pc := range []uint64{0x7777, 0} {
		_ = binary.Write(&b, binary.LittleEndian, [19]uint64{pc})
	}
	turn, err := NewReader(&b, textMemory{}).Turn()
	if err != nil || turn.unknown != 1 || len(turn.touches) > 0 {
		t.Errorf("%+v, %v", turn, err)
	}
}
