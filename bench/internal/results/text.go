package results

import (
	"bytes"
	"encoding/json"
)

// text is the JSON of results: indented down to the rows, each of which is one line.
func (r *Results) text() ([]byte, error) {
	var b bytes.Buffer
	failed := error(nil)
	put := func(v any) {
		line, err := json.Marshal(v)
		if err != nil && failed == nil {
			failed = err
		}
		b.Write(line)
	}
	taken, err := json.MarshalIndent(r.Taken, "  ", "  ")
	if err != nil {
		return nil, err
	}
	b.WriteString("{\n  \"taken\": ")
	b.Write(taken)
	if len(r.Also) > 0 {
		b.WriteString(",\n  \"also\": ")
		put(r.Also)
	}
	b.WriteString(",\n  \"shapes\": [")
	for i, s := range r.Shapes {
		separate(&b, i, "\n    ")
		b.WriteString(`{"name": `)
		put(s.Name)
		b.WriteString(`, "commands": `)
		put(s.Commands)
		b.WriteString(`, "cells": [`)
		for j, c := range s.Cells {
			separate(&b, j, "\n      ")
			b.WriteString(`{"name": `)
			put(c.Name)
			b.WriteString(`, "reference": `)
			put(c.Reference)
			b.WriteString(`, "rows": [`)
			for k, row := range c.Rows {
				separate(&b, k, "\n        ")
				put(row)
			}
			b.WriteString("]}")
		}
		b.WriteString("]}")
	}
	b.WriteString("],\n  \"skipped\": [")
	for i, s := range r.Skipped {
		separate(&b, i, "\n    ")
		put(s)
	}
	b.WriteString("]\n}\n")
	return b.Bytes(), failed
}

// separate begins the element i of a list on a line of its own.
func separate(b *bytes.Buffer, i int, indent string) {
	if i > 0 {
		b.WriteByte(',')
	}
	b.WriteString(indent)
}
