package proc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestTicksAreFoundBehindAnyName(t *testing.T) {
	t.Parallel()
	line := "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 11 22 0 0 20 0 1 0 100 1 1"
	user, system, err := ticks([]byte(line))
	if err != nil || user != 11 || system != 22 {
		t.Errorf("%d, %d, %v", user, system, err)
	}
	for _, wrong := range []string{"", "7 (a S 1", "7 (a) S 1 2", strings.Replace(line, "11", "x", 1)} {
		if _, _, err := ticks([]byte(wrong)); err == nil {
			t.Errorf("%q is taken for a line of /proc/PID/stat", wrong)
		}
	}
}

func TestOwnCPUGrows(t *testing.T) {
	t.Parallel()
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for {
		after, err := CPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.Total > before.Total+time.Millisecond {
			return
		}
	}
}

func TestNoSuchProcess(t *testing.T) {
	t.Parallel()
	if usage, err := CPU(1 << 30); err == nil {
		t.Errorf("a process that does not exist has used %+v", usage)
	}
}

func TestStartedWhereAskedFor(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	command := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	command.Stdout = &out
	if err := (Place{CPU: 0, Nice: 1}).Start(command); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	if fields := strings.Fields(out.String()); len(fields) != 2 || fields[1] != "0" {
		t.Errorf("%q", out.String())
	}
	if err := (Place{CPU: 1023}).Start(exec.Command("true")); err == nil {
		t.Error("started on a processor that does not exist")
	}
}
