package proactors

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// broken is a proactor that can be made and does not work.
type broken struct {
	Proactor
	attach, submit, early, close error
	late                         []Completion // what the second Wait tells; a nil Op is the one submitted
	memory                       []byte

	op              *Operation
	waits, released int
	closed          bool
}

func (p *broken) Attach(uintptr) error { return p.attach }

func (p *broken) Submit(op *Operation, _ *Request) error {
	p.op = op
	return p.submit
}

func (p *broken) Wait(time.Duration) ([]Completion, error) {
	if p.waits++; p.waits == 1 {
		return nil, p.early
	}
	for i := range p.late {
		if p.late[i].Op == nil {
			p.late[i].Op = p.op
		}
	}
	return p.late, nil
}

func (p *broken) Memory(Completion) []byte { return p.memory }
func (p *broken) Release(Completion)       { p.released++ }

func (p *broken) Close() error {
	p.closed = true
	return p.close
}

// TestTrial: what can be made and does not work is found out, and closed.
func TestTrial(t *testing.T) {
	t.Parallel()
	odd := errors.New("odd")
	one := func(n int) []Completion { return slices.Repeat([]Completion{{N: 1, Flags: Lent}}, n) }
	for _, c := range []struct {
		name string
		p    *broken
		want string // "" if it works
	}{
		{"works", &broken{late: one(1), memory: []byte{1}}, ""},
		{"refuses descriptors", &broken{attach: odd}, "odd"},
		{"refuses operations", &broken{submit: odd}, "odd"},
		{"cannot wait", &broken{early: odd}, "odd"},
		{"cannot be closed", &broken{late: one(1), memory: []byte{1}, close: odd}, "odd"},
		{"fails", &broken{late: []Completion{{N: -int32(ErrCancelled)}}}, ErrCancelled.Error()},
		{"tells of another", &broken{late: []Completion{{Op: new(Operation), N: 1, Flags: Lent}}}, "is told as"},
		{"tells twice", &broken{late: one(2)}, "is told as"},
		{"tells of an end", &broken{late: []Completion{{}}}, "is told as"},
		{"goes on", &broken{late: []Completion{{N: 1, Flags: Lent | More}}}, "is told as"},
		{"receives something else", &broken{late: one(1), memory: []byte{2}}, "and 2 received"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := try(candidate{open: func() (Proactor, error) { return c.p, nil }})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the trial ends with %v, want %q", err, c.want)
			}
			if !c.p.closed {
				t.Error("it is not closed")
			}
			if read := c.p.memory != nil; read != (c.p.released == 1) {
				t.Errorf("its memory was released %d times", c.p.released)
			}
		})
	}
	if err := try(candidate{open: func() (Proactor, error) { return nil, odd }}); !errors.Is(err, odd) {
		t.Errorf("one that cannot be made: %v", err)
	}
}
