package tlsconn_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// The content types of records, and the handshake messages, that the tests make by hand.
const (
	ofAlert       = 21
	ofHandshake   = 22
	ofApplication = 23

	newTicket = 4
	keyUpdate = 24
)

// keys are those of one direction of TLS 1.3, with TLS_AES_128_GCM_SHA256 (RFC 8446, 5.2 and 7).
type keys struct {
	testing.TB
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func (k *keys) expand(label string, n int) []byte {
	label = "tls13 " + label
	info := string(binary.BigEndian.AppendUint16(nil, uint16(n))) + string(rune(len(label))) + label + "\x00"
	p, err := hkdf.Expand(sha256.New, k.secret, info, n)
	if err != nil {
		k.Fatal(err)
	}
	return p
}

// use derives from a secret.
func (k *keys) use(secret []byte) {
	k.secret, k.seq = secret, 0
	block, err := aes.NewCipher(k.expand("key", 16))
	if err == nil {
		k.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		k.Fatal(err)
	}
	k.iv = k.expand("iv", 12)
}

// update goes on to the next keys.
func (k *keys) update() { k.use(k.expand("traffic upd", 32)) }

func (k *keys) nonce() []byte {
	n := bytes.Clone(k.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, k.seq) {
		n[4+i] ^= b
	}
	k.seq++
	return n
}

// seal makes a record.
func (k *keys) seal(kind byte, payload []byte) []byte {
	header := binary.BigEndian.AppendUint16([]byte{ofApplication, 3, 3}, uint16(len(payload)+1+16))
	return k.aead.Seal(header, k.nonce(), append(bytes.Clone(payload), kind), header)
}

// open takes the next record off.
func (k *keys) open(p []byte) (kind byte, payload, rest []byte) {
	k.Helper()
	if len(p) < 5 {
		k.Fatalf("no record, but %d bytes", len(p))
	}
	n := 5 + int(binary.BigEndian.Uint16(p[3:]))
	plain, err := k.aead.Open(nil, k.nonce(), p[5:n], p[:5])
	if err != nil {
		k.Fatal(err)
	}
	plain = bytes.TrimRight(plain, "\x00")
	return plain[len(plain)-1], plain[:len(plain)-1], p[n:]
}

// byHand makes a connection between a Conn in a role and Go's own end, and takes that one's place
// after the handshake: sends are the keys with which it sends, hears those of the Conn.
func byHand(t *testing.T, isClient bool, change func(c *tls.Config)) (s *side, sends, hears *keys) {
	t.Helper()
	forClient, forServer := configs(tls.VersionTLS13)
	var log bytes.Buffer
	forClient.KeyLogWriter = &log
	forServer.SessionTicketsDisabled = true
	ours, theirs := forServer, forClient
	if isClient {
		ours, theirs = forClient, forServer
	}
	if change != nil {
		change(ours)
	}
	var suite uint16
	g := newGoes(t, !isClient, theirs, func(c *tls.Conn) error {
		err := c.Handshake()
		suite = c.ConnectionState().CipherSuite
		return err
	})
	s = newSide(t, isClient, ours)
	exchange(g, s, whole)
	if !s.began || g.err != nil {
		t.Fatal(s.failure, g.err)
	}
	if suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skipf("this processor prefers %v", tls.CipherSuiteName(suite))
	}
	side := func(label string) *keys {
		for line := range strings.Lines(log.String()) {
			if f := strings.Fields(line); f[0] == label {
				secret, err := hex.DecodeString(f[2])
				if err != nil {
					t.Fatal(err)
				}
				k := &keys{TB: t}
				k.use(secret)
				return k
			}
		}
		t.Fatal("no", label)
		return nil
	}
	client, server := side("CLIENT_TRAFFIC_SECRET_0"), side("SERVER_TRAFFIC_SECRET_0")
	if isClient {
		return s, server, client
	}
	return s, client, server
}

// asksForKeys is a change of keys that asks for one of the other side's.
var asksForKeys = []byte{keyUpdate, 0, 0, 1, 1}

// answersKeys is the answer to it.
var answersKeys = []byte{keyUpdate, 0, 0, 1, 0}

// TestKeyUpdate: the peer changes its keys and asks for a change of ours, in the middle of what
// it sends; the answer goes out by itself, and before what is written then.
func TestKeyUpdate(t *testing.T) {
	t.Parallel()
	for _, isClient := range []bool{true, false} {
		for _, cut := range []int{1, 11, 1 << 20} {
			for _, writes := range []bool{false, true} {
				t.Run(fmt.Sprintf("client=%v,cut=%d,writes=%v", isClient, cut, writes), func(t *testing.T) {
					t.Parallel()
					s, sends, hears := byHand(t, isClient, nil)
					if writes {
						s.onData = func(p []byte) { s.write(p) }
					}
					stream := sends.seal(ofApplication, []byte("before "))
					stream = append(stream, sends.seal(ofHandshake, asksForKeys)...)
					sends.update()
					stream = append(stream, sends.seal(ofApplication, []byte("after"))...)
					for len(stream) > 0 {
						n := min(cut, len(stream))
						s.give(stream[:n])
						stream = stream[n:]
					}
					if string(s.data) != "before after" {
						t.Errorf("%q", s.data)
					}
					if !writes {
						s.write([]byte("before after"))
					}
					var said []byte
					answered := false
					for p := s.take(); len(p) > 0; {
						var kind byte
						var payload []byte
						kind, payload, p = hears.open(p)
						switch kind {
						case ofApplication:
							said = append(said, payload...)
						case ofHandshake:
							if answered || !bytes.Equal(payload, answersKeys) {
								t.Errorf("% x", payload)
							}
							answered = true
							hears.update()
						}
					}
					if string(said) != "before after" || !answered {
						t.Errorf("%q, answered: %v", said, answered)
					}
					s.sound()
				})
			}
		}
	}
}

// putter is a session cache that does something when it gets a session.
type putter struct{ put func() }

func (putter) Get(string) (*tls.ClientSessionState, bool)      { return nil, false }
func (p putter) Put(_ string, session *tls.ClientSessionState) { p.put() }

// ticket is a session that a server gives away.
func ticket() []byte {
	body := append([]byte{0, 0, 14, 16, 1, 2, 3, 4, 0, 0, 4}, "abcd\x00\x00"...)
	return append([]byte{newTicket, 0, 0, byte(len(body))}, body...)
}

// TestTicketCallback: a session cache, which is called while crypto/tls reads, may use the
// connection; what was to be said before it is.
func TestTicketCallback(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(s *side){
		"writes": func(s *side) { s.write([]byte("from the cache")) },
		"closes": func(s *side) { s.write([]byte("from the cache")); s.Conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *side
			puts := 0
			s, sends, hears := byHand(t, true, func(c *tls.Config) {
				c.ClientSessionCache = putter{func() { puts++; then(s) }}
			})
			stream := sends.seal(ofHandshake, asksForKeys)
			sends.update()
			stream = append(stream, sends.seal(ofHandshake, ticket())...)
			stream = append(stream, sends.seal(ofApplication, []byte("data"))...)
			s.give(stream)
			if puts != 1 || s.failed != nil {
				t.Fatal(puts, s.failed)
			}
			kind, payload, rest := hears.open(s.take())
			if kind != ofHandshake || !bytes.Equal(payload, answersKeys) {
				t.Fatalf("%d: % x", kind, payload)
			}
			hears.update()
			if kind, payload, _ = hears.open(rest); kind != ofApplication || string(payload) != "from the cache" {
				t.Fatalf("%d: %q", kind, payload)
			}
			if name == "writes" && string(s.data) != "data" || name == "closes" && len(s.data) > 0 {
				t.Errorf("%q", s.data)
			}
			s.sound()
		})
	}
}

// TestTicketInPieces: a message of the handshake that comes in several records, cut anywhere,
// after the handshake.
func TestTicketInPieces(t *testing.T) {
	t.Parallel()
	for at := 1; at < len(ticket()); at++ {
		puts := 0
		s, sends, _ := byHand(t, true, func(c *tls.Config) { c.ClientSessionCache = putter{func() { puts++ }} })
		first, second := sends.seal(ofHandshake, ticket()[:at]), sends.seal(ofHandshake, ticket()[at:])
		s.give(first)
		s.give(second[:3])
		s.give(append(second[3:], sends.seal(ofApplication, []byte("data"))...))
		if puts != 1 || string(s.data) != "data" || s.failed != nil {
			t.Fatalf("in two after %d bytes: %d, %q, %v", at, puts, s.data, s.failed)
		}
	}
}

// TestRecordsOfOneWrite: pieces are written in as few records as there can be, which grow with the
// stream.
func TestRecordsOfOneWrite(t *testing.T) {
	t.Parallel()
	s, _, hears := byHand(t, false, nil)
	records := func() (sizes []int, all []byte) {
		for p := s.take(); len(p) > 0; {
			var payload []byte
			_, payload, p = hears.open(p)
			sizes = append(sizes, len(payload))
			all = append(all, payload...)
		}
		return sizes, all
	}
	var pieces [][]byte
	for i := range 100 {
		pieces = append(pieces, bytes.Repeat([]byte{byte(i)}, i%7))
	}
	joined := bytes.Join(pieces, nil)
	if err := s.WriteVec(pieces); err != nil {
		t.Fatal(err)
	}
	if sizes, all := records(); len(sizes) != 1 || !bytes.Equal(all, joined) {
		t.Errorf("%d bytes in records of %v", len(joined), sizes)
	}
	big := bytes.Repeat([]byte("x"), 1<<20)
	s.write(big)
	sizes, all := records()
	if !bytes.Equal(all, big) || sizes[0] > 4<<10 || sizes[len(sizes)-2] != 16<<10 {
		t.Errorf("%d bytes in records of %v", len(all), sizes)
	}
	// From here on records are as long as they can be.
	pieces = [][]byte{big[:10], big[:16<<10], nil, big[:5], big[:40<<10]}
	if err := s.WriteVec(pieces); err != nil {
		t.Fatal(err)
	}
	joined = bytes.Join(pieces, nil)
	if sizes, all := records(); len(sizes) != (len(joined)+16<<10-1)/(16<<10) || !bytes.Equal(all, joined) {
		t.Errorf("%d bytes in records of %v", len(joined), sizes)
	}
	if err := s.WriteVec([][]byte{nil, {}}); err != nil || len(s.take()) > 0 {
		t.Error("nothing is something", err)
	}
	s.sound()
}
