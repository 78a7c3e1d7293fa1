package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := OneLine(errors.Join(errors.New("a"), errors.New("b\r\nc"))); got != "a; b; c" {
		t.Errorf("%q", got)
	}
}

func TestWhyNot(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		fmt.Errorf("x: %w", errors.ErrUnsupported): "not on this system",
		errors.New("a\nb"):                         "a; b",
	} {
		if got := WhyNot(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for quoted, want := range map[string]string{`"5"`: `5`, `"a b"`: `a b`, `""`: `""`, `" "`: `" "`, `"a\x1b"`: `"a\x1b"`, `no quotes`: `no quotes`} {
		if got := Typed(quoted); got != want {
			t.Errorf("%s: %s, want %s", quoted, got, want)
		}
	}
}

// TestUsage: the status is found through what wraps it, and the text is the text.
func TestUsage(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("command: %w", Usage("bad: %w", cause))
	var found *Error
	if !errors.As(err, &found) || found.Status != StatusUsage || !errors.Is(err, cause) || err.Error() != "command: bad: cause" {
		t.Errorf("%v", err)
	}
}
