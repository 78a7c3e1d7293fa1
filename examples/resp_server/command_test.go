package main

import (
	"bytes"
	"strings"
	"testing"
)

// commandsOf parses p as if it came in pieces that end at the given places, and returns the
// commands' arguments, with what is wrong at the end.
func commandsOf(p []byte, ends ...int) (all []string) {
	from := 0
	for _, to := range append(ends, len(p)) {
		for from < to {
			args, used, err := parse(p[from:to:to], nil)
			if err != nil {
				return append(all, err.Error())
			}
			if used == 0 {
				break
			}
			all = append(all, string(bytes.Join(args, []byte("|"))))
			from += used
		}
	}
	return all
}

// TestParse: commands are the same however they are cut.
func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n*1\r\n$4\r\nPING\r\n": "GET|x PING",
		"PING\r\nSET  x   y\n\r\n":                           "PING SET|x|y ",
		"*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n":             "ECHO|\r\n\r\n",
		"*1\r\n$0\r\n\r\n*0\r\nPING\n":                       "  PING",
		"*1\r\n:3\r\n":                                       "expected '$', got ':'",
		"*1\r\n$3\r\nabcd\r\n":                               "expected the end of an argument",
		"*-1\r\n":                                            "invalid length",
		"*x\r\n":                                             "invalid length",
		"*99999999999999999999\r\n":                          "invalid length",
		"*1\r\n$1048577\r\n":                                 "invalid length",
		"*" + strings.Repeat("0", 100):                       "invalid length",
		strings.Repeat("x", 70<<10):                          "too big inline request",
	} {
		for cut := 1; cut < min(len(in), 100); cut++ {
			if got := strings.Join(commandsOf([]byte(in), cut), " "); got != want {
				t.Errorf("%.80q cut at %d: %q, want %q", in, cut, got, want)
			}
		}
	}
}

// FuzzParse: nothing that comes is too much for parse, and where it is cut does not matter.
func FuzzParse(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nx\r\nPING\r\n"), 7)
	f.Add([]byte("*"+strings.Repeat("0", header)+"1\r\nPING\r\n"), header+1)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		whole := commandsOf(p)
		if cut <= 0 || cut > len(p) {
			return
		}
		if parts := commandsOf(p, cut); strings.Join(parts, "\n") != strings.Join(whole, "\n") {
			t.Errorf("%q cut at %d: %q, want %q", p, cut, parts, whole)
		}
	})
}
