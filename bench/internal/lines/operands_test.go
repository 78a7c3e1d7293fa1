package lines

import (
	"encoding/hex"
	"slices"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// TestOperandsAreFound has the addresses of known instructions worked out. The registers hold
// 0x1000 times their own number, but for RCX, which counts.
func TestOperandsAreFound(t *testing.T) {
	t.Parallel()
	r := &Registers{PC: 0x400000, FS: 0x7000000, GS: 0x8000000}
	for i := range r.General {
		r.General[i] = uint64(i) * 0x1000
	}
	r.General[rcx] = 3
	for _, test := range []struct {
		name, code string
		want       []Access
	}{
		{"mov rax, rbx", "4889d8", nil},
		{"mov rax, [rbx+8]", "488b4308", []Access{{0x3008, 8}}},
		{"mov eax, [rsp+rcx*8]", "8b04cc", []Access{{0x4018, 4}}},
		{"movzx eax, byte [rdx]", "0fb602", []Access{{0x2000, 1}}},
		{"mov rax, [rip+0x10]", "488b0510000000", []Access{{0x400017, 8}}},
		{"mov rcx, fs:[-8]", "64488b0c25f8ffffff", []Access{{0x7000000 - 8, 8}}},
		{"lea rax, [rbx+8]", "488d4308", nil},
		{"nop dword [rax+rax]", "0f1f0400", nil},
		{"push rbp", "55", []Access{{0x3ff8, 8}}},
		{"pop rbp", "5d", []Access{{0x4000, 8}}},
		{"call +0", "e800000000", []Access{{0x3ff8, 8}}},
		{"call [rdx]", "ff12", []Access{{0x3ff8, 8}, {0x2000, 8}}},
		{"ret", "c3", []Access{{0x4000, 8}}},
		{"leave", "c9", []Access{{0x5000, 8}}},
		{"rep movsq", "f348a5", []Access{{0x6000, 8}, {0x7000, 8}}},
		{"rep stosb", "f3aa", []Access{{0x7000, 1}}},
		{"lodsb", "ac", []Access{{0x6000, 1}}},
		{"movups [rdx], xmm0", "0f1102", []Access{{0x2000, 16}}},
		{"movdqu xmm0, [r8]", "f3410f6f00", []Access{{0x8000, 16}}},
		{"vmovdqu ymm0, [rsi]", "c5fe6f06", []Access{{0x6000, 32}}},
		{"vmovdqu64 [rdi+64], zmm16", "62e1fe487f4701", []Access{{0x7040, 64}}},
		{"lock xadd [rbx], rax", "f0480fc103", []Access{{0x3000, 8}}},
		{"cmp word [r9], 0", "664183390000", []Access{{0x9000, 2}}},
	} {
		code, err := hex.DecodeString(test.code)
		if err != nil {
			t.Fatal(err)
		}
		inst, err := x86asm.Decode(code, 64)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got, ok := Accesses(nil, &inst, r); !ok || !slices.Equal(got, test.want) {
			t.Errorf("%s: %#x, %v, want %#x", test.name, got, ok, test.want)
		}
	}
}

// TestRepetitionThatIsOverTouchesNothing is a string instruction whose count is zero.
func TestRepetitionThatIsOverTouchesNothing(t *testing.T) {
	t.Parallel()
	inst, err := x86asm.Decode([]byte{0xf3, 0xaa}, 64) // rep stosb
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := Accesses(nil, &inst, &Registers{}); !ok || len(got) > 0 {
		t.Errorf("%#x, %v", got, ok)
	}
}

// TestAddressOfVectorsIsNotKnown is a gather, whose addresses are in a register of vectors.
func TestAddressOfVectorsIsNotKnown(t *testing.T) {
	t.Parallel()
	inst, err := x86asm.Decode([]byte{0xc4, 0xe2, 0x6d, 0x90, 0x04, 0x88}, 64) // vpgatherdd ymm0, [rax+ymm1*4], ymm2
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := Accesses(nil, &inst, &Registers{}); ok {
		t.Errorf("%#x", got)
	}
}
