//go:build unix

package churn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// pipesAtOnce is how many pipes there are at a time beside the connections.
const pipesAtOnce = 20

// churnPipes has pipes come and go on a loop, both ends of each, for as long as d.
func churnPipes(ctx context.Context, loop asyncio.EventLoop, b *book, seed uint64, d time.Duration) error {
	end := loop.Time() + d
	var workers []func(context.Context) (struct{}, error)
	for i := range uint64(pipesAtOnce) {
		rng := rand.New(rand.NewPCG(seed, 1000+i))
		workers = append(workers, func(ctx context.Context) (struct{}, error) {
			for number := i; loop.Time() < end; number += pipesAtOnce {
				if err := onePipe(ctx, loop, b, rng, number); err != nil {
					return struct{}{}, fmt.Errorf("pipe %d: %w", number, err)
				}
			}
			return struct{}{}, nil
		})
	}
	_, err := asyncio.Gather(ctx, workers...)
	return err
}

// pipeSide is the protocol of one end.
type pipeSide struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
	paused    bool
	flow      flow
	wrong     bool
	cut       int // after how many bytes it is closed, if that is not 0
	pauses    int // how often it stops reading for a moment
	eof, lost bool
	reason    error
}

// ConnectionMade implements asyncio.Protocol.
func (p *pipeSide) ConnectionMade(t asyncio.Transport) { p.transport = t }

// DataReceived implements asyncio.Protocol.
func (p *pipeSide) DataReceived(data []byte) {
	p.wrong = p.wrong || !p.flow.check(data)
	if p.cut > 0 && p.flow.n >= p.cut {
		_ = p.transport.Close() // the loop's own goroutine asks
	} else if p.pauses > 0 {
		p.pauses--
		_ = p.transport.PauseReading() // as above
	}
}

// EOFReceived implements asyncio.Protocol.
func (p *pipeSide) EOFReceived() bool { p.eof = true; return false }

// ConnectionLost implements asyncio.Protocol.
func (p *pipeSide) ConnectionLost(err error) { p.lost, p.reason = true, err }

// PauseWriting implements asyncio.Protocol.
func (p *pipeSide) PauseWriting() { p.paused = true }

// ResumeWriting implements asyncio.Protocol.
func (p *pipeSide) ResumeWriting() { p.paused = false }

// onePipe lets a pipe live: in order, or cut by one of its ends at some byte. What was
// read must be the beginning of what was written, and all of it if nobody cut.
func onePipe(ctx context.Context, loop asyncio.EventLoop, b *book, rng *rand.Rand, number uint64) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	size, cut := 1+rng.IntN(200_000), 0
	if rng.IntN(3) == 0 {
		cut = 1 + rng.IntN(size)
	}
	byWriter := rng.IntN(2) == 0
	reader, writer := &pipeSide{flow: newFlow(number, 0), pauses: rng.IntN(4)}, &pipeSide{flow: newFlow(number, 0)}
	if cut > 0 && !byWriter {
		reader.cut = cut
	}
	_, _, readErr := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return reader }, r)
	_, _, writeErr := loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return writer }, w)
	if err := errors.Join(readErr, writeErr); err != nil {
		return err
	}
	for !writer.lost && !writer.transport.IsClosing() && writer.flow.n < size {
		piece := writer.flow.next(min(1+rng.IntN(30_000), size-writer.flow.n))
		if _, err := writer.transport.Write(piece); err != nil {
			break // the reader has gone
		}
		writer.flow.add(piece)
		switch {
		case cut > 0 && byWriter && writer.flow.n >= cut:
			writer.transport.Abort()
		case writer.flow.n == size:
			err = writer.transport.WriteEOF()
		}
		if err := errors.Join(err, pipeWaits(ctx, reader, func() bool { return !writer.paused || writer.lost })); err != nil {
			return err
		}
	}
	if err := pipeWaits(ctx, reader, func() bool { return reader.lost && writer.lost }); err != nil {
		return err
	}
	b.pipe(number, cut > 0, reader, writer)
	return nil
}

// pipeWaits waits until cond holds; a reader that has stopped goes on meanwhile.
func pipeWaits(ctx context.Context, reader *pipeSide, cond func() bool) error {
	for !cond() {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		if err := reader.transport.ResumeReading(); err != nil {
			return err
		}
	}
	return nil
}

// pipe looks whether a pipe that is over has lost anything.
func (b *book) pipe(number uint64, cut bool, reader, writer *pipeSide) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total.Pipes++
	b.total.Bytes += int64(reader.flow.n)
	whole := reader.flow.n == writer.flow.n && reader.flow.crc == writer.flow.crc && reader.eof
	switch {
	case reader.wrong || reader.flow.n > writer.flow.n:
		b.failLocked("pipe %d: what came is not what was written", number)
	case !cut && (!whole || reader.reason != nil || writer.reason != nil):
		b.failLocked("pipe %d: %d bytes came of %d, eof %v; lost with %v and %v", number, reader.flow.n, writer.flow.n, reader.eof, reader.reason, writer.reason)
	case reader.reason != nil || writer.reason != nil && !errors.Is(writer.reason, syscall.EPIPE):
		b.failLocked("pipe %d: lost with %v and %v", number, reader.reason, writer.reason)
	}
}
