package house

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// oneWord are words for themselves, though code may write them with two capitals: nouns
// (the handover, but to hand over), and names that others gave.
var oneWord = []string{"handover", "iouring", "netaddr", "reuseport", "wakeup", "writelines", "fileobj"}

// TestFileNames: words stand apart in the names of files, as they do in those of what is
// declared in them: task_group.go for TaskGroup.
func TestFileNames(t *testing.T) {
	t.Parallel()
	joined := map[string]string{} // "taskgroup": "TaskGroup"
	for _, s := range contributed(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && len(words(id.Name)) > 1 {
				joined[strings.ToLower(id.Name)] = id.Name
			}
			return true
		})
	}
	left := notYet(t, "word in the name of a file", joinedYet)
	for _, s := range contributed(t) {
		name := strings.TrimSuffix(path.Base(s.path), ".go")
		for part := range strings.SplitSeq(name, "_") {
			if id := joined[part]; id != "" && !slices.Contains(oneWord, part) && !left(part) {
				t.Errorf("%s: %s is %s in code: name the file with %s", s.path, part, id, strings.ToLower(strings.Join(words(id), "_")))
			}
		}
	}
}

// words are those of a name in mixed caps: "HTTPServer" is HTTP and Server.
func words(name string) (all []string) {
	runes := []rune(name)
	begin := 0
	for i := 1; i < len(runes); i++ {
		lower := unicode.IsLower(runes[i-1]) && unicode.IsUpper(runes[i])
		acronym := unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if lower || acronym || runes[i] == '_' {
			all = append(all, strings.Trim(string(runes[begin:i]), "_"))
			begin = i
		}
	}
	return append(all, strings.Trim(string(runes[begin:]), "_"))
}

// TestWords: the words of names are found.
func TestWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"TaskGroup": "Task Group", "x": "x", "waitFor": "wait For", "HTTPServer": "HTTP Server", "IOUring": "IO Uring", "a_b": "a b"} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
