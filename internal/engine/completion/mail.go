package completion

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine/datagrams"
	"github.com/go-asyncio/asyncio/proactors"
)

// mail is what the datagram sockets of an engine share. What they send in one pass is
// gathered, if the pass has brought more than one thing, until Poll: the datagrams of one
// socket go by one call, and the few of each of many as posts, with the call that also waits.
type mail struct {
	*datagrams.Room
	e      *Engine
	posts  []*posted // by the number of their datagram
	posted bool      // some are under way
	none   bool      // the proactor cannot post
	req    proactors.Request
}

// posted is the operation of a post.
type posted struct {
	op     proactors.Operation
	number int
}

// Complete does nothing: what it says was noted by salvage.
func (*posted) Complete(uint64) {}

func newMail(e *Engine) *mail {
	m := &mail{Room: datagrams.NewRoom(e.later), e: e}
	m.req = proactors.Request{Kind: proactors.SendTo, Post: true, Bufs: make([][]byte, 1)}
	return m
}

// gather hands over what is gathered.
func (m *mail) gather() {
	m.Rest()
	m.Room.Post(m)
}

// waited is called after the Wait that follows gather, and has brought so much.
func (m *mail) waited(done int) {
	if m.posted {
		m.posted = false
		m.Posted()
	}
	m.Gathers = done > 1
}

// Post implements datagrams.Poster.
func (m *mail) Post(s *datagrams.Socket, i int, p, to []byte) bool {
	if m.none {
		return false
	}
	for len(m.posts) <= i {
		o := &posted{number: len(m.posts)}
		o.op.To = o
		m.posts = append(m.posts, o)
	}
	m.req.FD, m.req.Bufs[0], m.req.Addr = s.FD(), p, to
	err := m.e.p.Submit(&m.posts[i].op, &m.req)
	m.none = errors.Is(err, errors.ErrUnsupported)
	m.posted = m.posted || err == nil
	return err == nil
}

// salvage notes that a post has not gone.
func (m *mail) salvage(o *posted, c proactors.Completion) {
	if m.posted {
		m.NotPosted(o.number, c.Err())
	}
}
