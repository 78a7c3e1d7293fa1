package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Twice runs tests, and what failed of them once more, by itself: a test that waited for
// a machine that was busy, or for a port that another program took, does not decide
// alone. The second run counts, and that there was one is told, with what the first one
// said. What Final names is not run again.
type Twice struct {
	// Run is `go test -json` with more arguments; out gets its events. An error that has
	// ExitCode() 1 says that a test failed, which the events tell as well.
	Run      func(out io.Writer, arguments ...string) error
	Packages []string
	Module   string
	Expected *Expected // what fails and is to fail; it is compared with what failed, both ways
	Limit    int       // so many tests that failed are run again at most; 0: any number
}

// Do runs the tests, writes the events that count to events and what a person reads to
// report, and tells whether all is well. The report's last line counts the tests and names
// what was run twice.
func (t *Twice) Do(events, report io.Writer) (good bool, err error) {
	var first bytes.Buffer
	good = t.ended(t.Run(&first, t.Packages...), report)
	all, results, twice := first.Bytes(), NewResults(), ""
	if err := results.Read(bytes.NewReader(all)); err != nil {
		return false, err
	}
	repeats := t.Expected.Repeats(results, t.Module)
	reasons := results.Final(repeats, t.Limit)
	if len(repeats) > 0 && len(reasons) > 0 {
		fmt.Fprintf(report, "NOT RUN AGAIN, for it stands: %s\n", strings.Join(reasons, "; "))
	} else if len(repeats) > 0 && good {
		names := strings.Join(t.names(repeats), ", ")
		fmt.Fprintf(report, "FAILED ONCE, run again: %s\n-- what the first run said\n", names)
		results.Failures(report)
		fmt.Fprintln(report, "-- with the second run")
		if all, results, err = t.again(all, repeats, report, &good); err != nil {
			return false, err
		}
		twice = "; FAILED ONCE, RUN TWICE: " + names
	}
	if _, err := events.Write(all); err != nil {
		return false, err
	}
	if !t.Expected.Check(results, t.Module, report) {
		good = false
	}
	var summary bytes.Buffer
	results.Summary(&summary)
	if good && results.Failed() {
		twice = "; what failed is listed" + twice
	}
	fmt.Fprintf(report, "%s%s\n", strings.TrimSuffix(summary.String(), "\n"), twice)
	return good, nil
}

// again runs once more what failed, and returns the events and the results that count.
func (t *Twice) again(first []byte, repeats []*Repeat, report io.Writer, good *bool) ([]byte, *Results, error) {
	var all bytes.Buffer
	if err := CopyWithout(&all, bytes.NewReader(first), repeats); err != nil {
		return nil, nil, err
	}
	for _, r := range repeats {
		var events bytes.Buffer
		ended := t.ended(t.Run(&events, "-run", r.Pattern(), r.Package), report)
		ran := NewResults()
		if err := ran.Read(bytes.NewReader(events.Bytes())); err != nil {
			return nil, nil, err
		}
		missing := ran.ranAgain(r)
		for _, name := range missing {
			fmt.Fprintf(report, "was not run again: %s\n", name)
		}
		*good = *good && ended && len(missing) == 0
		all.Write(events.Bytes())
	}
	results := NewResults()
	return all.Bytes(), results, results.Read(bytes.NewReader(all.Bytes()))
}

func (t *Twice) names(repeats []*Repeat) (names []string) {
	for _, r := range repeats {
		names = append(names, r.Names(t.Module)...)
	}
	return names
}

// ended tells whether a run came to its end, so that its events say everything.
func (t *Twice) ended(err error, report io.Writer) bool {
	var status interface{ ExitCode() int }
	if err == nil || errors.As(err, &status) && status.ExitCode() == 1 {
		return true
	}
	fmt.Fprintf(report, "the tests did not come to their end: %v\n", err)
	return false
}
