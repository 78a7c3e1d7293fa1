package trace

import (
	"slices"
	"testing"
	"time"
)

// us is so many microseconds.
func us(n int) time.Duration { return time.Duration(n) * time.Microsecond }

// TestArrows: the going of a message and its coming make an arrow; so do those that get
// lost, come twice, are late, or are under way at the end.
func TestArrows(t *testing.T) {
	t.Parallel()
	p := draw([]Event{
		0:  {When: us(1), Host: "a", What: "send", Peer: "b", ID: 1},
		1:  {When: us(2), Host: "a", What: "send", Peer: "b", ID: 2},
		2:  {When: us(3), Host: "b", What: "arrive", Peer: "a", ID: 2},
		3:  {When: us(4), Host: "b", What: "arrive", Peer: "a", ID: 2},
		4:  {When: us(5), Host: "a", What: "lost", Peer: "b", ID: 3},
		5:  {When: us(6), Host: "a", What: "send", Peer: "b", ID: 4},
		6:  {When: us(7), Host: "b", What: "lost", Peer: "a", ID: 4},
		7:  {When: us(8), Host: "a", What: "send", Peer: "b", ID: 5},
		8:  {When: us(9), Host: "a", What: "send", Peer: "a", ID: 6},
		9:  {When: us(10), Host: "a", What: "arrive", Peer: "a", ID: 6},
		10: {When: us(90), Host: "b", What: "arrive", Peer: "a", ID: 1},
		11: {When: us(91), Host: "a", What: "own words", Peer: "b", ID: 7},
		12: {When: us(92), Host: "b", What: "own end", Peer: "a", ID: 7},
		13: {When: us(93), Host: "a", What: "resend", Peer: "b", ID: 4},
		14: {When: us(94), Host: "b", What: "arrive", Peer: "a", ID: 4},
		15: {When: us(95), Host: "a", What: "resend", Peer: "b", ID: 3},
	}, 0)
	want := []arrow{
		{1, 2, ""}, {1, 3, ""}, {4, 4, lost}, {5, 6, lost}, {8, 9, ""}, {0, 10, late}, {11, 12, ""}, {13, 14, ""}, {7, nowhere, open}, {15, nowhere, open},
	}
	if !slices.Equal(p.Arrows, want) {
		t.Errorf("%v\nwant %v", p.Arrows, want)
	}
	if !slices.Equal(p.Hosts, []string{"a", "b"}) {
		t.Error(p.Hosts)
	}
}

// TestBars: tasks that are there at one time have lanes of their own; a crash ends those of
// its host, and one whose beginning is not known is there from above.
func TestBars(t *testing.T) {
	t.Parallel()
	p := draw([]Event{
		0: {Host: "a", What: "task", ID: 1, Text: "one"},
		1: {Host: "a", What: "task", ID: 2, Text: "two"},
		2: {Host: "b", What: "task", ID: 1, Text: "other"},
		3: {Host: "a", What: "done", ID: 1},
		4: {Host: "a", What: "task", ID: 3, Text: "three"},
		5: {Host: "a", What: "crash"},
		6: {Host: "a", What: "start"},
		7: {Host: "a", What: "task", ID: 4},
		8: {Host: "b", What: "raised", ID: 9, Text: "old"},
		9: {Host: "a", What: "cancelled", ID: 2, Text: "two"}, // after the crash, in vain
	}, 0)
	want := []bar{
		{Host: 0, Lane: 0, From: 0, To: 3, Name: "one", End: "done"},
		{Host: 0, Lane: 1, From: 1, To: 5, Name: "two", End: "crash"},
		{Host: 1, Lane: 0, From: 2, To: nowhere, Name: "other"},
		{Host: 0, Lane: 0, From: 4, To: 5, Name: "three", End: "crash"},
		{Host: 0, Lane: 0, From: 7, To: nowhere, Name: "Task-4"},
		{Host: 1, Lane: 1, From: nowhere, To: 8, Name: "old", End: "raised"},
	}
	if !slices.Equal(p.Bars, want) {
		t.Errorf("%v\nwant %v", p.Bars, want)
	}
}

// TestBands: what begins and ends is a band; what does not end lasts.
func TestBands(t *testing.T) {
	t.Parallel()
	p := draw([]Event{
		0: {Host: "a", What: "crash"},
		1: {Host: "a", What: "cut", Peer: "b"},
		2: {Host: "b", What: "pause"},
		3: {Host: "a", What: "cut", Peer: "b"}, // again, while it lasts
		4: {Host: "a", What: "start"},
		5: {Host: "a", What: "heal", Peer: "b"},
		6: {Host: "a", What: "resume"}, // of what was not there
		7: {What: "pause"},
	}, 0)
	want := []band{
		{Host: 0, Peer: nowhere, From: 0, To: 4, Kind: "down"},
		{Host: 0, Peer: 1, From: 1, To: 5, Kind: "cut"},
		{Host: 1, Peer: nowhere, From: 2, To: nowhere, Kind: "pause"},
		{Host: nowhere, Peer: nowhere, From: 7, To: nowhere, Kind: "pause"},
	}
	if !slices.Equal(p.Bands, want) {
		t.Errorf("%v\nwant %v", p.Bands, want)
	}
}
