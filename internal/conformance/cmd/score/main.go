// Score counts the behaviours of the conformance catalogue that passing tests
// prove.
//
//	go run ./internal/conformance/cmd/score                  run the tests, print the tables
//	go test -json ./... > t.json; score -f t.json            the same from a file; -f - reads standard input,
//	                                                         several -f are added up
//	score -f t.json -m streams                               list the rows of streams that are not proven; all: of every area
//	score -f t.json -write                                   bring docs/conformance.md up to date
//	score -f t.json -raise                                   raise testdata/conformance/threshold.tsv to what is proven
//	score -f t.json -check                                   fail also if docs/conformance.md is out of date
//	score -f t.json -windows w.json -write -raise            with the results of the run on Windows, which .ci/windows keeps
//
// Without -windows nothing is said of what must be proven on Windows, and
// docs/conformance.md is neither written nor compared. What .ci/wine lists as failing
// because of Wine counts as not run.
//
// It ends with status 1 if a test that names a row fails, a test names a row
// that does not exist, an area has fallen below its threshold, or an exception
// is listed for a row that is proven.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/go-asyncio/asyncio/internal/conformance"
)

type files []string

func (f *files) String() string     { return fmt.Sprint([]string(*f)) }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run() error {
	var inputs, windows files
	flag.Var(&windows, "windows", "read the results of the run on Windows from `FILE`")
	flag.Var(&inputs, "f", "read the output of 'go test -json' from `FILE` ('-': standard input)")
	list := flag.String("m", "", "list the rows of `AREA` that are not proven ('all': of every area)")
	write := flag.Bool("write", false, "bring docs/conformance.md up to date")
	raise := flag.Bool("raise", false, "raise the thresholds to what is proven")
	check := flag.Bool("check", false, "fail also if docs/conformance.md is out of date")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	catalogue, err := conformance.Load(filepath.Join(root, "testdata", "conformance"))
	if err != nil {
		return err
	}
	results, err := read(inputs, root)
	if err != nil {
		return err
	}
	runs := map[conformance.Run]*conformance.Results{conformance.Native: results}
	if len(windows) > 0 {
		if runs[conformance.Windows], err = readWindows(windows, root); err != nil {
			return err
		}
	}
	report := catalogue.Score(runs)
	if *write && len(report.Absent) > 0 {
		return errors.New("docs/conformance.md speaks of Windows, too: -write needs -windows")
	}
	if *list != "" {
		report.List(os.Stdout, *list)
	}
	report.Print(os.Stdout)
	if *raise {
		if err := catalogue.RaiseThresholds(report); err != nil {
			return err
		}
	}
	problems := report.Complaints(catalogue)
	if *check && len(report.Absent) > 0 {
		fmt.Println("NOT CHECKED: docs/conformance.md, which speaks of Windows, too")
	} else if *write || *check {
		problem, err := document(report, filepath.Join(root, "docs", "conformance.md"), *write)
		if err != nil {
			return err
		}
		problems = append(problems, problem...)
	}
	return complain(problems)
}

// complain prints the problems, and is an error if there are any.
func complain(problems []string) error {
	for _, p := range problems {
		fmt.Println("problem:", p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems", len(problems))
	}
	return nil
}

// document writes the report into the file, or tells whether it is missing there.
func document(report *conformance.Report, file string, write bool) (problems []string, err error) {
	old, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text, err := report.Replace(string(old))
	if err != nil {
		return nil, err
	}
	if text == string(old) {
		return nil, nil
	}
	if write {
		return nil, os.WriteFile(file, []byte(text), 0o644)
	}
	return []string{"docs/conformance.md is out of date: run score -write with the same results"}, nil
}

// readWindows reads the results of runs on Windows.
func readWindows(inputs files, root string) (*conformance.Results, error) {
	results, err := read(inputs, root)
	if err != nil {
		return nil, err
	}
	if results.Empty() {
		return nil, fmt.Errorf("%v: no test was run", inputs)
	}
	expected, err := conformance.ReadExpectedFiles(filepath.Join(root, ".ci", "wine", "expected-failures.txt"))
	if err != nil {
		return nil, err
	}
	expected.Excuse(results, conformance.Module)
	return results, nil
}

// read adds up the given files, or what the tests print that it runs itself.
func read(inputs files, root string) (*conformance.Results, error) {
	results := conformance.NewResults()
	if len(inputs) == 0 {
		return results, runTests(root, results.Read)
	}
	for _, name := range inputs {
		if name == "-" {
			if err := results.Read(os.Stdin); err != nil {
				return nil, err
			}
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = results.Read(f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

func runTests(root string, read func(io.Reader) error) error {
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := read(out)
	err = cmd.Wait()
	// A failing test is the report's matter; anything else is ours.
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return errors.Join(readErr, err)
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "testdata", "conformance")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run it inside the module: no folder above has testdata/conformance")
		}
	}
}
