//go:build unix

package golden_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestPipes is for systems on which a loop of any kind has pipes. (Wine cannot take one from
// an os.File.)
func TestPipes(t *testing.T) {
	compareBy(t, playInTime, "pipes", []any{
		theReaderIsMadeBeforeTheCallReturns, dataThenTheEnd, whatIsThereAndTheEndComeAfterMade,
		atTheEndItIsClosing, theEndCannotBeRefused, closedAtTheEnd,
		aPausedReaderHearsNothing, aPausedReaderHearsOfNoEnd, pausedOutOfReceived,
		aClosedReaderIsLostAPassLater, aReaderClosedOutOfReceivedHearsOfNoEnd,
		aReaderClosedOutOfMade, aPausedReaderIsClosed, anotherProtocolReadsOn,
		theWriterIsMadeBeforeTheCallReturns, whatIsWrittenAndTheEndArrive,
		aClosedWriterIsLostAPassLater, aWriterIsPausedAndResumed, aWriterIsClosedWithDataBuffered,
		theEndIsWrittenBehindWhatIsBuffered, aWriterIsAbortedWithDataBuffered,
		aWriterHearsThatTheReaderIsGone, theReaderIsGoneBeforeTheWriterIsMade,
		theReaderIsGoneWithDataBuffered, writtenWhenTheReaderIsGone, writtenOutOfResumed,
	})
}

// much is more than a pipe takes.
const much = 1 << 20

// pipe is a protocol of pipes that prints what happens to it. A quiet one only counts what
// comes.
type pipe struct {
	witness
	transport asyncio.Transport
	quiet     bool
	got       int
	keep      bool // would have the pipe stay at the end
}

func (p *pipe) ConnectionMade(t asyncio.Transport) {
	p.transport = t
	p.heard("made")
}

func (p *pipe) DataReceived(data []byte) {
	p.got += len(data)
	if !p.quiet {
		p.heard("received", string(data))
	}
}

func (p *pipe) EOFReceived() bool {
	p.heard("eof")
	return p.keep
}

func (p *pipe) ConnectionLost(err error) {
	if errors.Is(err, syscall.EPIPE) {
		p.heard("lost", "broken pipe")
		return
	}
	p.heard("lost", err)
}

func (p *pipe) PauseWriting()  { p.heard("paused") }
func (p *pipe) ResumeWriting() { p.heard("resumed") }

func (p *pipe) pause()  { p.stage.must(p.transport.PauseReading()) }
func (p *pipe) resume() { p.stage.must(p.transport.ResumeReading()) }
func (p *pipe) close()  { p.stage.must(p.transport.Close()) }

func (p *pipe) write(data []byte) {
	_, err := p.transport.Write(data)
	p.stage.must(err)
}

func (s *stage) pipe(name string) *pipe { return &pipe{witness: s.witness(name)} }

// connects has the loop read or write a pipe's end.
func (p *pipe) connects(ctx context.Context, end *os.File) {
	connect := p.stage.loop.ConnectReadPipe
	if p.name == "writer" {
		connect = p.stage.loop.ConnectWritePipe
	}
	_, _, err := connect(ctx, func() asyncio.Protocol { return p }, end)
	p.stage.must(err)
}

// files are the ends of a pipe.
func (s *stage) files() (r, w *os.File) {
	s.needsSystem("pipes")
	r, w, err := os.Pipe()
	s.must(err)
	return r, w
}

// reading connects the end of a pipe that is read, and returns the other one.
func (s *stage) reading(ctx context.Context) (*pipe, *os.File) {
	r, w := s.files()
	p := s.pipe("reader")
	p.connects(ctx, r)
	return p, w
}

// writing connects the end of a pipe that is written, and returns the other one.
func (s *stage) writing(ctx context.Context) (*pipe, *os.File) {
	r, w := s.files()
	p := s.pipe("writer")
	p.connects(ctx, w)
	return p, r
}

// both connects both ends. The reader is quiet, and paused.
func (s *stage) both(ctx context.Context) (w, r *pipe) {
	w, end := s.writing(ctx)
	r = s.pipe("reader")
	r.on["made"] = r.pause
	r.quiet = true
	r.connects(ctx, end)
	return w, r
}

// into writes to the other end of what the loop reads.
func (s *stage) into(w *os.File, text string) {
	_, err := w.WriteString(text)
	s.must(err)
}

// passes lets the loop go on for a while.
func (s *stage) passes(ctx context.Context) {
	for range 5 {
		s.must(ticks(ctx, 0))
	}
}

func theReaderIsMadeBeforeTheCallReturns(ctx context.Context, s *stage) error {
	r, w := s.files()
	p := s.pipe("reader")
	p.on["made"] = func() { s.soon(s.say("a pass after made")) }
	t, _, err := s.loop.ConnectReadPipe(ctx, func() asyncio.Protocol {
		s.out("the factory is called")
		return p
	}, r)
	s.must(err)
	s.out("returned", t == p.transport, t.IsClosing(), t.IsReading())
	p.close()
	p.until(ctx, 2)
	return w.Close()
}

func dataThenTheEnd(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	s.into(w, "hello")
	p.until(ctx, 2)
	s.must(w.Close())
	p.until(ctx, 4)
	return nil
}

func whatIsThereAndTheEndComeAfterMade(ctx context.Context, s *stage) error {
	r, w := s.files()
	s.into(w, "hello")
	s.must(w.Close())
	p := s.pipe("reader")
	p.connects(ctx, r)
	s.out("returned")
	p.until(ctx, 4)
	return nil
}

func atTheEndItIsClosing(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.on["eof"] = func() { s.out("closing", p.transport.IsClosing()) }
	s.must(w.Close())
	p.until(ctx, 3)
	return nil
}

func theEndCannotBeRefused(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.keep = true
	s.must(w.Close())
	p.until(ctx, 3)
	return nil
}

func closedAtTheEnd(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.on["eof"] = p.close
	s.must(w.Close())
	p.until(ctx, 3)
	s.passes(ctx)
	return nil
}

func aPausedReaderHearsNothing(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.pause()
	p.pause()
	s.out("reading", p.transport.IsReading())
	s.into(w, "hello")
	s.passes(ctx)
	s.out("nothing yet")
	p.resume()
	p.resume()
	s.out("reading", p.transport.IsReading())
	p.until(ctx, 2)
	p.close()
	p.until(ctx, 3)
	return w.Close()
}

func aPausedReaderHearsOfNoEnd(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.pause()
	s.must(w.Close())
	s.passes(ctx)
	s.out("nothing yet", p.transport.IsClosing())
	p.resume()
	p.until(ctx, 3)
	return nil
}

func pausedOutOfReceived(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.on["received"] = p.pause
	s.into(w, "one")
	p.until(ctx, 2)
	s.into(w, "two")
	s.must(w.Close())
	s.passes(ctx)
	s.out("nothing yet")
	p.resume()
	p.until(ctx, 3)
	s.passes(ctx)
	s.out("nothing yet")
	p.resume()
	p.until(ctx, 5)
	return nil
}

func aClosedReaderIsLostAPassLater(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	s.into(w, "too late")
	p.close()
	s.out("closing", p.transport.IsClosing(), "reading", p.transport.IsReading())
	s.soon(s.say("a pass later"))
	p.close()
	s.out("and again")
	p.until(ctx, 2)
	s.passes(ctx)
	return w.Close()
}

func aReaderClosedOutOfReceivedHearsOfNoEnd(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.on["received"] = p.close
	s.into(w, "hello")
	s.must(w.Close())
	p.until(ctx, 3)
	s.passes(ctx)
	return nil
}

func aReaderClosedOutOfMade(ctx context.Context, s *stage) error {
	r, w := s.files()
	p := s.pipe("reader")
	p.on["made"] = p.close
	s.into(w, "too late")
	p.connects(ctx, r)
	s.out("returned", p.transport.IsClosing())
	p.until(ctx, 2)
	s.passes(ctx)
	return w.Close()
}

func aPausedReaderIsClosed(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	p.pause()
	s.into(w, "hello")
	p.close()
	p.resume()
	p.until(ctx, 2)
	s.passes(ctx)
	return w.Close()
}

func anotherProtocolReadsOn(ctx context.Context, s *stage) error {
	p, w := s.reading(ctx)
	q := s.pipe("the other")
	s.into(w, "one")
	p.until(ctx, 2)
	s.must(p.transport.SetProtocol(q))
	s.into(w, "two")
	q.until(ctx, 1)
	s.must(w.Close())
	q.until(ctx, 3)
	return nil
}

func theWriterIsMadeBeforeTheCallReturns(ctx context.Context, s *stage) error {
	r, w := s.files()
	p := s.pipe("writer")
	p.on["made"] = func() { s.soon(s.say("a pass after made")) }
	t, _, err := s.loop.ConnectWritePipe(ctx, func() asyncio.Protocol {
		s.out("the factory is called")
		return p
	}, w)
	s.must(err)
	s.out("returned", t == p.transport, t.IsClosing(), t.CanWriteEOF())
	p.close()
	p.until(ctx, 2)
	return r.Close()
}

func whatIsWrittenAndTheEndArrive(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.write([]byte("hello"))
	s.must(w.transport.WriteEOF())
	s.out("closing", w.transport.IsClosing())
	w.until(ctx, 2)
	r.resume()
	r.until(ctx, 3)
	s.out("read", r.got)
	return nil
}

func aClosedWriterIsLostAPassLater(ctx context.Context, s *stage) error {
	p, r := s.writing(ctx)
	p.close()
	s.out("closing", p.transport.IsClosing())
	s.soon(s.say("a pass later"))
	p.close()
	s.must(p.transport.WriteEOF())
	s.out("and again")
	p.until(ctx, 2)
	s.passes(ctx)
	return r.Close()
}

func aWriterIsPausedAndResumed(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.write(make([]byte, much))
	w.write([]byte("more"))
	s.out("buffered", w.transport.GetWriteBufferSize() > 0)
	r.resume()
	w.until(ctx, 3)
	low, _ := w.transport.GetWriteBufferLimits()
	s.out("buffered no more than the mark", w.transport.GetWriteBufferSize() <= low)
	w.close()
	r.until(ctx, 3)
	s.out("read", r.got)
	return nil
}

func aWriterIsClosedWithDataBuffered(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.write(make([]byte, much))
	w.close()
	s.out("closing", w.transport.IsClosing())
	s.passes(ctx)
	s.out("still there")
	r.resume()
	r.until(ctx, 3)
	s.out("read", r.got)
	return nil
}

func theEndIsWrittenBehindWhatIsBuffered(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.write(make([]byte, much))
	s.must(w.transport.WriteEOF())
	s.must(w.transport.WriteEOF())
	s.passes(ctx)
	s.out("still there")
	r.resume()
	r.until(ctx, 3)
	s.out("read", r.got)
	return nil
}

func aWriterIsAbortedWithDataBuffered(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.write(make([]byte, much))
	s.passes(ctx)
	w.transport.Abort()
	s.out("closing", w.transport.IsClosing())
	s.soon(s.say("a pass later"))
	w.until(ctx, 3)
	s.must(ticks(ctx, 0))
	r.resume()
	r.until(ctx, 3)
	s.out("read all", r.got == much)
	return nil
}

func aWriterHearsThatTheReaderIsGone(ctx context.Context, s *stage) error {
	p, r := s.writing(ctx)
	s.must(r.Close())
	p.until(ctx, 2)
	s.out("closing", p.transport.IsClosing())
	return nil
}

func theReaderIsGoneBeforeTheWriterIsMade(ctx context.Context, s *stage) error {
	r, w := s.files()
	s.must(r.Close())
	p := s.pipe("writer")
	p.connects(ctx, w)
	s.out("returned")
	p.until(ctx, 2)
	return nil
}

func theReaderIsGoneWithDataBuffered(ctx context.Context, s *stage) error {
	p, r := s.writing(ctx)
	p.write(make([]byte, much))
	s.passes(ctx)
	s.must(r.Close())
	p.until(ctx, 3)
	return nil
}

// writtenWhenTheReaderIsGone: what Write says here Python only logs.
func writtenWhenTheReaderIsGone(ctx context.Context, s *stage) error {
	p, r := s.writing(ctx)
	s.must(r.Close())
	if _, err := p.transport.Write([]byte("hello")); err != nil && !errors.Is(err, syscall.EPIPE) {
		s.must(err)
	}
	p.until(ctx, 2)
	s.passes(ctx)
	s.out("closing", p.transport.IsClosing())
	return nil
}

func writtenOutOfResumed(ctx context.Context, s *stage) error {
	w, r := s.both(ctx)
	w.on["resumed"] = func() {
		w.write([]byte("more"))
		s.out("writer wrote more")
	}
	w.write(make([]byte, much))
	r.resume()
	w.until(ctx, 3)
	w.close()
	r.until(ctx, 3)
	s.out("read", r.got)
	return nil
}
