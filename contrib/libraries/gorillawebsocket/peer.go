package gorillawebsocket

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-asyncio/asyncio/locks"
	"github.com/go-asyncio/asyncio/queues"
)

// Peer is a connection that one coroutine reads and another one writes: whoever has
// something to send puts it into a queue, and so does what answers pings.
type Peer struct {
	conn *websocket.Conn
	out  *queues.PriorityQueue[*message] // control messages first
	room *locks.Semaphore                // for messages in the queue
	pong *message                        // that is in the queue; the last ping counts
}

// message is what the coroutine that writes sends.
type message struct {
	kind int
	data []byte
}

// isControl reports whether a message is an answer.
func (m *message) isControl() bool {
	return m.kind == websocket.PongMessage || m.kind == websocket.CloseMessage
}

// answerTime is how long the answer to a ping or a close may take.
const answerTime = 10 * time.Second

// NewPeer makes a peer of a connection, with room for so many messages that wait to be sent.
// Run has to run then.
func NewPeer(conn *websocket.Conn, room int) (*Peer, error) {
	places, err := locks.NewSemaphore(room)
	if err != nil {
		return nil, err
	}
	p := &Peer{conn: conn, room: places}
	p.out = queues.NewPriorityQueueFunc(0, func(a, b *message) bool { return a.isControl() && !b.isControl() })
	conn.SetPingHandler(func(data string) error {
		if p.pong != nil {
			p.pong.data = []byte(data)
			return nil
		}
		p.pong = &message{websocket.PongMessage, []byte(data)}
		return p.out.PutNowait(p.pong)
	})
	conn.SetCloseHandler(func(code int, _ string) error {
		return p.out.PutNowait(&message{websocket.CloseMessage, websocket.FormatCloseMessage(code, "")})
	})
	return p, nil
}

// Send has a message sent, and waits while there is no room for it. Once there is nobody
// who sends it is queues.ErrShutDown.
func (p *Peer) Send(ctx context.Context, kind int, data []byte) error {
	if err := p.room.Acquire(ctx); err != nil {
		return err
	}
	err := p.out.PutNowait(&message{kind, data})
	if err != nil {
		return errors.Join(err, p.room.Release()) // the next one who waits hears of it, too
	}
	return nil
}

// Receive returns the next message. One coroutine calls it, again and again: it is what
// notices pings and the end.
func (p *Peer) Receive() (kind int, data []byte, err error) { return p.conn.ReadMessage() }

// End has what is in the queue sent, and Run end then.
func (p *Peer) End() { p.out.Shutdown(false) }

// Run sends what is put into the queue, in a coroutine of its own. It ends with nil after
// End, and else with what has failed.
func (p *Peer) Run(ctx context.Context) (err error) {
	defer func() {
		p.out.Shutdown(true)
		err = errors.Join(err, p.room.Release())
	}()
	for {
		m, err := p.out.Get(ctx)
		if errors.Is(err, queues.ErrShutDown) {
			return nil
		}
		if err == nil {
			err = p.write(m)
		}
		if err != nil {
			return err
		}
	}
}

// write sends one message.
func (p *Peer) write(m *message) error {
	if m == p.pong {
		p.pong = nil
	}
	if m.isControl() {
		return p.conn.WriteControl(m.kind, m.data, time.Now().Add(answerTime))
	}
	if err := p.room.Release(); err != nil {
		return err
	}
	return p.conn.WriteMessage(m.kind, m.data)
}
