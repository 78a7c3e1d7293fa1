// Package fault is how the command fails: with which status, and with which words on
// one line.
package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Error is an error that ends the program with a status of its own. With a nil Err
// nothing is printed.
type Error struct {
	Status int
	Err    error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprint(e.Err) }

// Unwrap returns the error without the status.
func (e *Error) Unwrap() error { return e.Err }

// StatusUsage is the status of who called the program wrongly.
const StatusUsage = 2

// Usage is the error of who called the program wrongly.
func Usage(format string, args ...any) error {
	return &Error{StatusUsage, fmt.Errorf(format, args...)}
}

// OneLine is an error's text without line breaks: errors.Join makes some.
func OneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// WhyNot says on one line why something does not work here.
func WhyNot(err error) string {
	if errors.Is(err, errors.ErrUnsupported) {
		return "not on this system"
	}
	return OneLine(err)
}

// Typed is a quoted value as it was typed, but for one that could not be seen.
func Typed(quoted string) string {
	if typed, err := strconv.Unquote(quoted); err == nil && strings.TrimSpace(typed) != "" && !strings.ContainsFunc(typed, unicode.IsControl) {
		return typed
	}
	return quoted
}
