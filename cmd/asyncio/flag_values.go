package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// The values of flags. Their errors say what would be right.

// choice is the value of a flag that takes one of several words.
type choice struct {
	word  *string
	words []string
	hint  func(word string) string // for a word that is none of them; may be nil
}

func (c *choice) String() string {
	if c.word == nil {
		return ""
	}
	return *c.word
}

// Set implements flag.Value.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		hint := ""
		if c.hint != nil {
			hint = c.hint(word)
		}
		if hint == "" {
			hint = fault.DidYouMean(word, "", c.words)
		}
		return fmt.Errorf("it is one of %s%s", strings.Join(c.words, ", "), hint)
	}
	*c.word = word
	return nil
}

// span is the value of a flag that takes a time.
type span time.Duration

func (s *span) String() string { return time.Duration(*s).String() }

// Set implements flag.Value.
func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err == nil {
		*s = span(d)
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return fmt.Errorf("the unit is missing; say %ss, or %sms", text, text)
	}
	return errors.New("it takes a time with its unit, such as 500ms or 10s")
}

// number is the value of a flag that takes a whole number.
type number int

func (n *number) String() string { return strconv.Itoa(int(*n)) }

// Set implements flag.Value.
func (n *number) Set(text string) error {
	i, err := strconv.Atoi(text)
	if err != nil {
		return errors.New("it takes a whole number, such as 2")
	}
	*n = number(i)
	return nil
}
