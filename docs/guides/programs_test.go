package guides

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience is how long a program may take that is held up by others: a test that waits
// so long has failed.
const patience = 3 * time.Minute

// build builds the programs of this folder, and returns where they are.
func build(t *testing.T) string {
	t.Helper()
	tool, err := exec.LookPath("go")
	if err != nil {
		// The suite may be a program that was carried to a machine without Go.
		t.Skip("the programs are not checked: there is no go command to build them with: ", err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), tool, "build", "-o", dir+string(filepath.Separator), "./programs/...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// printed runs a program to its end and returns what it prints.
func printed(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var errs strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("%s %s: %v\n%s", name, args, err, &errs)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// TestPrograms: the programs of from-asyncio.md print what stands beside them, those in Go and
// those in Python; and those of the README serve.
func TestPrograms(t *testing.T) {
	t.Parallel()
	dir := build(t)
	python, noPython := exec.LookPath("python3")
	if noPython == nil && exec.Command(python, "-c", "import asyncio; asyncio.TaskGroup").Run() != nil {
		noPython = errors.New("it is older than 3.11")
	}
	pairs := 0
	folders, err := filepath.Glob("programs/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name := filepath.Base(folder)
		binary, script := filepath.Join(dir, name), filepath.Join(folder, "main.py")
		want, err := os.ReadFile(filepath.Join(folder, "output.txt"))
		if err != nil {
			t.Run(name, func(t *testing.T) { t.Parallel(); serves(t, binary) })
			continue
		}
		pairs++
		t.Run(name+"/go", func(t *testing.T) {
			t.Parallel()
			if got := printed(t, binary); got != string(want) {
				t.Errorf("it prints\n%s", got)
			}
		})
		t.Run(name+"/python", func(t *testing.T) {
			t.Parallel()
			if noPython != nil {
				// Go alone is enough to test the library; what the Python side prints is kept beside it.
				t.Skip("NOT COMPARED WITH PYTHON: there is no python3: ", noPython)
			}
			if got := printed(t, python, script); got != string(want) {
				t.Errorf("it prints\n%s", got)
			}
		})
	}
	if pairs != 10 {
		t.Errorf("there are %d pairs of programs", pairs)
	}
}

// serves starts a server and has it echo a line.
func serves(t *testing.T, binary string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel() // kills it
		_ = cmd.Wait()
	}()
	var address string
	if _, err := fmt.Fscanf(bufio.NewReader(out), "listening on %s", &address); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "hello\n" {
		t.Errorf("it answers %q, %v", line, err)
	}
}

var pythonBlock = regexp.MustCompile("(?s)```python\n(.*?)```")

// TestPythonIsRun: each block of Python in a guide is a program that TestPrograms runs, and the
// next block of Go is the program that stands beside it.
func TestPythonIsRun(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("programs/*/main.py")
	if err != nil {
		t.Fatal(err)
	}
	beside := map[string]string{}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(filepath.Join(filepath.Dir(script), "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		beside[string(text)] = unindented(string(program))
	}
	found := 0
	for name, text := range guides(t) {
		for _, m := range pythonBlock.FindAllStringSubmatchIndex(text, -1) {
			found++
			program, ok := beside[text[m[2]:m[3]]]
			next := goBlock.FindStringSubmatch(text[m[1]:])
			if !ok || next == nil || !strings.Contains(program, unindented(next[1])) {
				t.Errorf("%s: this is no program of the folder programs, or the next one is not its like:\n%s", name, text[m[2]:m[3]])
			}
		}
	}
	if found != len(scripts) {
		t.Errorf("%d blocks of Python, and %d programs", found, len(scripts))
	}
}
