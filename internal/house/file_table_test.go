package house

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFileTable: the table "The root, file by file" of ARCHITECTURE.md names each file
// of the root that is not a test exactly once, and no file that is not there. A name
// may have a * where it means several.
func TestFileTable(t *testing.T) {
	t.Parallel()
	named := namedFiles(t)
	root := map[string][]string{} // by whom each file is named
	for _, s := range sources(t) {
		if s.dir == "." && !s.test {
			root[s.path] = nil
		}
	}
	for _, name := range named {
		found := 0
		for file := range root {
			if ok, err := path.Match(name, file); err != nil {
				t.Fatal(err)
			} else if ok {
				found++
				root[file] = append(root[file], name)
			}
		}
		switch several := strings.Contains(name, "*"); {
		case strings.Contains(name, "/"):
			if !exists(filepath.Join("..", "..", name)) {
				t.Errorf("ARCHITECTURE.md names %s, which is not there: mend the table", name)
			}
		case found == 0:
			t.Errorf("ARCHITECTURE.md names %s, which is not there: mend the table", name)
		case several && found == 1:
			t.Errorf("ARCHITECTURE.md names %s, which means one file: write its name", name)
		}
	}
	for file, names := range root {
		switch len(names) {
		case 0:
			t.Errorf("the table of files in ARCHITECTURE.md says nothing of %s: name it in the row of its concern", file)
		case 1:
		default:
			t.Errorf("the table of files in ARCHITECTURE.md means %s by each of %q: one of them is enough", file, names)
		}
	}
}

// inTable finds the names of Go files in a table's row.
var inTable = regexp.MustCompile("`([^`]*\\.go)`")

// namedFiles are the files that the table names, in its order.
func namedFiles(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## The root, file by file\n")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no section \"The root, file by file\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var names []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "|") {
			for _, m := range inTable.FindAllStringSubmatch(line, -1) {
				names = append(names, m[1])
			}
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d files found in the table of ARCHITECTURE.md", len(names))
	}
	return names
}
