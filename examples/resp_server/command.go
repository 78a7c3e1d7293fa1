package main

import (
	"bytes"
	"fmt"
	"strconv"
)

const (
	mostArgs = 1024     // of one command
	longest  = 1 << 20  // bytes of one argument
	whole    = 8 << 20  // bytes of one command
	header   = 32       // bytes that the line before an argument may have, its end included
	inline   = 64 << 10 // bytes that a command without lengths may have
)

// protocolError is a client's mistake after which nobody knows where the next command begins.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// parse reads the first command of p: its arguments, which are parts of p, and how many bytes it
// takes; none as long as it has not come as a whole. args is memory to use again.
func parse(p []byte, args [][]byte) (_ [][]byte, used int, err error) {
	if p[0] != '*' {
		return parseInline(p, args)
	}
	count, at, err := length(p, '*', mostArgs)
	if at == 0 || err != nil {
		return nil, 0, err
	}
	for range count {
		if at == len(p) {
			return nil, 0, nil
		}
		n, line, err := length(p[at:], '$', longest)
		if line == 0 || err != nil {
			return nil, 0, err
		}
		if at += line; at+n > whole {
			return nil, 0, protocolError("too large a command")
		}
		if len(p) < at+n+2 {
			return nil, 0, nil
		}
		if p[at+n] != '\r' || p[at+n+1] != '\n' {
			return nil, 0, protocolError("expected the end of an argument")
		}
		args = append(args, p[at:at+n])
		at += n + 2
	}
	return args, at, nil
}

// length reads a line with a number, and returns how many bytes it takes; none as long as it
// is not there.
func length(p []byte, kind byte, most int) (n, used int, err error) {
	if p[0] != kind {
		return 0, 0, protocolError(fmt.Sprintf("expected '%c', got '%c'", kind, p[0]))
	}
	end := bytes.Index(p[:min(len(p), header)], []byte("\r\n")) // no further: it does not matter what has come
	if end < 0 && len(p) < header {
		return 0, 0, nil
	}
	if end > 0 {
		n, err = strconv.Atoi(string(p[1:end]))
	}
	if end < 0 || err != nil || n < 0 || n > most {
		return 0, 0, protocolError("invalid length")
	}
	return n, end + 2, nil
}

// parseInline reads a command as a person types it.
func parseInline(p []byte, args [][]byte) ([][]byte, int, error) {
	end := bytes.IndexByte(p, '\n')
	if end > inline || end < 0 && len(p) > inline {
		return nil, 0, protocolError("too big inline request")
	}
	if end < 0 {
		return nil, 0, nil
	}
	return append(args, bytes.Fields(p[:end])...), end + 1, nil
}
