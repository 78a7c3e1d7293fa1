//go:build unix

package golden_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestSubprocesses is for systems with a shell, which is what the children are.
func TestSubprocesses(t *testing.T) {
	compareBy(t, playInTime, "subprocesses", []any{
		aChildIsMadeBeforeTheCallReturns, aChildOfTheShellHasThreePipes, withoutPipes, aProgramThatIsNotThere,
		aChildAnswers, outputAndErrorsHavePipesOfTheirOwn, errorsGoWhereTheOutputGoes,
		outputEndsAndTheChildLivesOn, inputEndsAndTheChildLivesOn, killedWithInputBuffered,
		aChildThatStopsToRead, theInputIsPausedAndResumed,
		killed, terminated, sentASignal, aRequestToEndIsIgnored, nobodyIsKilledTwice,
		lostInThePassOfTheExit, anExitBringsAllEnds, aChildOfTheChildKeepsThePipes,
		closedWhileTheChildRuns, closedOutOfDataReceived, inputIsClosedOutOfMade, anotherProtocolHearsOfTheExit,
	})
}

// forever has a child stay until it is ended.
const forever = "exec sleep 1000"

// child is a protocol of subprocesses that prints what happens to it. A quiet one only keeps
// what comes. One that sorts prints all at the end.
type child struct {
	witness
	transport asyncio.SubprocessTransport
	got       string
	quiet     bool
	sorts     bool
	kept      []string
}

func (s *stage) child() *child { return &child{witness: s.witness("child")} }

func (p *child) heard(event string, words ...any) {
	if p.sorts && event != "made" && event != "lost" {
		p.kept = append(p.kept, event+" "+strings.TrimSuffix(fmt.Sprintln(words...), "\n"))
		return
	}
	if p.sorts && event == "lost" {
		slices.Sort(p.kept)
		p.stage.out(strings.Join(p.kept, ", "))
	}
	p.witness.heard(event, words...)
}

func (p *child) ConnectionMade(t asyncio.SubprocessTransport) {
	p.transport = t
	p.heard("made")
}

func (p *child) PipeDataReceived(fd int, data []byte) {
	p.got += string(data)
	if !p.quiet {
		p.heard("data", fd, string(data))
	}
}

func (p *child) PipeConnectionLost(fd int, err error) {
	switch {
	case err == nil:
		p.heard("pipe", fd, "ended")
	case errors.Is(err, syscall.EPIPE):
		p.heard("pipe", fd, "broken")
	default:
		p.heard("pipe", fd, err)
	}
}

func (p *child) ProcessExited()           { p.heard("exited", p.code()) }
func (p *child) ConnectionLost(err error) { p.heard("lost", err) }
func (p *child) PauseWriting()            { p.heard("paused") }
func (p *child) ResumeWriting()           { p.heard("resumed") }

// code is the return code, nil if it is not known.
func (p *child) code() any {
	if code, known := p.transport.GetReturnCode(); known {
		return code
	}
	return nil
}

func (p *child) stdin() asyncio.Transport { return p.transport.GetPipeTransport(0) }

func (p *child) write(data []byte) {
	_, err := p.stdin().Write(data)
	p.stage.must(err)
}

func (p *child) closesInput() { p.stage.must(p.stdin().Close()) }
func (p *child) kill()        { p.stage.must(p.transport.Kill()) }

// pipes prints which pipes there are.
func (p *child) pipes() {
	var there []any
	for fd := range 3 {
		there = append(there, p.transport.GetPipeTransport(fd) != nil)
	}
	p.stage.out(there...)
}

// standard are a child's descriptors, by letters: p is a pipe, o for standard error what
// standard output is, and - nothing.
func (s *stage) standard(letters string) *asyncio.SubprocessOptions {
	var all [3]asyncio.Stdio
	for i, c := range letters {
		all[i] = map[rune]asyncio.Stdio{
			'p': asyncio.SubprocessPipe, 'o': asyncio.SubprocessStdout, '-': asyncio.SubprocessDevNull,
		}[c]
	}
	return &asyncio.SubprocessOptions{Stdin: all[0], Stdout: all[1], Stderr: all[2]}
}

// runs has the shell run a script.
func (p *child) runs(ctx context.Context, letters, script string) *child {
	_, _, err := p.stage.loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return p },
		p.stage.standard(letters), "/bin/sh", "-c", script)
	p.stage.must(err)
	return p
}

func aChildIsMadeBeforeTheCallReturns(ctx context.Context, s *stage) error {
	p := s.child()
	t, _, err := s.loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol {
		s.out("the factory is called")
		return p
	}, s.standard("p--"), "cat")
	s.must(err)
	s.out("returned", t == p.transport, t.IsClosing(), p.code(), t.GetPID() > 0)
	p.closesInput()
	p.until(ctx, 4)
	return nil
}

func aChildOfTheShellHasThreePipes(ctx context.Context, s *stage) error {
	p := s.child()
	p.on["made"] = p.pipes
	_, _, err := s.loop.SubprocessShell(ctx, func() asyncio.SubprocessProtocol { return p }, nil,
		"exec >&- && read x; exec 2>&- && read x; exit 7")
	s.must(err)
	p.until(ctx, 2)
	p.write([]byte("go on\n"))
	p.until(ctx, 3)
	p.closesInput()
	p.until(ctx, 6)
	return nil
}

func withoutPipes(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "---", "exit 3")
	p.until(ctx, 3)
	p.pipes()
	s.out("returncode", p.code())
	return nil
}

func aProgramThatIsNotThere(ctx context.Context, s *stage) error {
	s.needsSystem("programs")
	_, _, err := s.loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol {
		s.out("the factory is called")
		return s.child()
	}, nil, "/there/is/no/such/program")
	if errors.Is(err, fs.ErrNotExist) {
		s.out("it is not there")
	}
	return nil
}

func aChildAnswers(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "pp-", "cat; exec >&-; "+forever)
	for n, text := range []string{"one", "two"} {
		p.write([]byte(text))
		p.until(ctx, 2+n)
	}
	s.must(p.stdin().WriteEOF())
	p.until(ctx, 5)
	p.kill()
	p.until(ctx, 7)
	return nil
}

func outputAndErrorsHavePipesOfTheirOwn(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "ppp",
		"printf out; read x; printf err >&2; read x; exec 2>&-; read x; exec >&-; read x")
	for n := 2; n < 5; n++ {
		p.until(ctx, n)
		p.write([]byte("go on\n"))
	}
	p.until(ctx, 5)
	p.closesInput()
	p.until(ctx, 8)
	return nil
}

func errorsGoWhereTheOutputGoes(ctx context.Context, s *stage) error {
	p := s.child()
	p.quiet = true
	p.runs(ctx, "-po", "printf out; printf err >&2; exec >&- 2>&-; "+forever)
	p.until(ctx, 2)
	s.out(p.got, p.transport.GetPipeTransport(2) != nil)
	p.kill()
	p.until(ctx, 4)
	return nil
}

func outputEndsAndTheChildLivesOn(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "-p-", "printf last; exec >&-; "+forever)
	p.until(ctx, 3)
	s.passes(ctx)
	s.out("returncode", p.code(), "closing", p.transport.IsClosing())
	s.must(p.transport.Terminate())
	p.until(ctx, 5)
	return nil
}

func inputEndsAndTheChildLivesOn(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "p--", "exec <&-; "+forever)
	p.until(ctx, 2)
	s.passes(ctx)
	s.out("returncode", p.code())
	p.kill()
	p.until(ctx, 4)
	return nil
}

func killedWithInputBuffered(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "p--", forever)
	p.write(make([]byte, much))
	s.passes(ctx)
	s.out("buffered", p.stdin().GetWriteBufferSize() > 0)
	p.sorts = true
	p.kill()
	p.until(ctx, 3)
	return nil
}

func aChildThatStopsToRead(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "p--", "read x; exec <&-; "+forever)
	p.write(append([]byte("a line\n"), make([]byte, much)...))
	p.until(ctx, 3)
	p.kill()
	p.until(ctx, 5)
	return nil
}

func theInputIsPausedAndResumed(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "p--", "cat")
	p.write(make([]byte, much))
	p.write(make([]byte, much))
	s.out("buffered", p.stdin().GetWriteBufferSize() > 0)
	p.closesInput()
	p.until(ctx, 6)
	return nil
}

func killed(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "---", forever)
	s.out("returncode", p.code())
	p.kill()
	s.out("returncode", p.code())
	p.until(ctx, 3)
	s.out("returncode", p.code())
	return nil
}

func terminated(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "---", forever)
	s.must(p.transport.Terminate())
	p.until(ctx, 3)
	return nil
}

func sentASignal(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "-p-", "trap 'exit 4' USR1; printf ready; exec >&-; while :; do sleep 0.01; done")
	p.until(ctx, 3)
	s.must(p.transport.SendSignal(syscall.SIGUSR1))
	p.until(ctx, 5)
	return nil
}

func aRequestToEndIsIgnored(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "-p-", "trap '' TERM; printf ready; exec >&-; "+forever)
	p.until(ctx, 3)
	s.must(p.transport.Terminate())
	s.passes(ctx)
	s.out("returncode", p.code())
	p.kill()
	p.until(ctx, 5)
	return nil
}

func nobodyIsKilledTwice(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "---", "exit 0")
	p.until(ctx, 3)
	for _, call := range []func() error{p.transport.Kill, p.transport.Terminate} {
		s.out("after the end it is", refused(call(), os.ErrProcessDone))
	}
	return nil
}

func lostInThePassOfTheExit(ctx context.Context, s *stage) error {
	p := s.child()
	p.on["exited"] = func() { s.soon(s.say("a pass after exited")) }
	p.runs(ctx, "---", "exit 0").until(ctx, 3)
	return ticks(ctx, 0)
}

func anExitBringsAllEnds(ctx context.Context, s *stage) error {
	p := s.child()
	p.sorts = true
	p.runs(ctx, "ppp", "printf out; printf err >&2; exit 5").until(ctx, 2)
	return nil
}

func aChildOfTheChildKeepsThePipes(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "pp-", "exec 3<&0; cat <&3 & exit 5")
	p.until(ctx, 2)
	s.passes(ctx)
	p.write([]byte("hello"))
	p.until(ctx, 3)
	p.closesInput()
	p.until(ctx, 6)
	s.out("returncode", p.code())
	return nil
}

func closedWhileTheChildRuns(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "pp-", "exec cat")
	s.must(p.transport.Close())
	s.out("closing", p.transport.IsClosing(), "returncode", p.code())
	s.must(p.transport.Close())
	p.until(ctx, 5)
	s.must(p.transport.Close())
	s.passes(ctx)
	return nil
}

func closedOutOfDataReceived(ctx context.Context, s *stage) error {
	p := s.child()
	p.on["data"] = func() { s.must(p.transport.Close()) }
	p.runs(ctx, "pp-", "printf ready; exec cat").until(ctx, 6)
	return nil
}

func inputIsClosedOutOfMade(ctx context.Context, s *stage) error {
	p := s.child()
	p.on["made"] = p.closesInput
	p.runs(ctx, "p--", "cat").until(ctx, 4)
	return nil
}

func anotherProtocolHearsOfTheExit(ctx context.Context, s *stage) error {
	p := s.child().runs(ctx, "pp-", "printf ready; exec >&-; read x; exit 2")
	p.until(ctx, 3)
	q := &child{witness: s.witness("the other"), transport: p.transport}
	s.must(p.transport.SetProtocol(q))
	s.out("it is the other's", p.transport.GetProtocol() == asyncio.SubprocessProtocol(q))
	q.closesInput()
	q.until(ctx, 3)
	return nil
}
