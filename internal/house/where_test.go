package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhereItGoes: the files that CONTRIBUTING.md names as the places of changes are there,
// but for those that it calls new.
func TestWhereItGoes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Where does it go\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| change ") {
			continue
		}
		rows++
		named := 0
		for _, m := range inTable.FindAllStringSubmatchIndex(line, -1) {
			named++
			file, rest := line[m[2]:m[3]], line[m[1]:]
			if !strings.HasPrefix(rest, ", new") && !exists(filepath.Join("..", "..", file)) {
				t.Errorf("CONTRIBUTING.md sends changes to %s, which is not there: name the file that has its place now", file)
			}
		}
		if named == 0 {
			t.Errorf("CONTRIBUTING.md names no file for %s", line)
		}
	}
	if rows < 10 {
		t.Errorf("only %d changes found", rows)
	}
}
