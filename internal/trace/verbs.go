package trace

// verb is what a page makes of a kind of event.
type verb struct {
	kind   string // for the page's filter and colours
	opens  string // what lasts from here on
	closes string // what ends here
	cross  bool   // a message ends here that does not arrive
	comes  bool   // from the peer, and not to it
}

// The kinds of events.
const (
	ofMessages    = "message"
	ofConnections = "connection"
	ofTasks       = "task"
	ofFailures    = "failure"
	ofDraws       = "draw"
	ofTurns       = "turn"
	ofOthers      = "other"
)

// verbs are the events that a page knows. Others are shown, too; they are messages if they
// have a number and a peer.
var verbs = map[string]verb{
	Draw:        {kind: ofDraws},
	"turn":      {kind: ofTurns},
	"advance":   {kind: ofTurns},
	"send":      {kind: ofMessages},
	"arrive":    {kind: ofMessages, comes: true},
	"duplicate": {kind: ofMessages},
	"lost":      {kind: ofMessages, cross: true},
	"drop":      {kind: ofMessages, cross: true},
	"resend":    {kind: ofMessages},
	"listen":    {kind: ofConnections},
	"connect":   {kind: ofConnections},
	"connected": {kind: ofConnections},
	"accept":    {kind: ofConnections, comes: true},
	"refuse":    {kind: ofConnections},
	"close":     {kind: ofConnections},
	"end":       {kind: ofConnections},
	"reset":     {kind: ofConnections},
	"timeout":   {kind: ofConnections},
	"lookup":    {kind: ofConnections},
	"task":      {kind: ofTasks, opens: "task"},
	"done":      {kind: ofTasks, closes: "task"},
	"cancelled": {kind: ofTasks, closes: "task"},
	"failed":    {kind: ofTasks, closes: "task"},
	"start":     {kind: ofFailures, closes: "down"},
	"restart":   {kind: ofFailures, closes: "down"},
	"crash":     {kind: ofFailures, opens: "down"},
	"pause":     {kind: ofFailures, opens: "pause"},
	"resume":    {kind: ofFailures, closes: "pause"},
	"cut":       {kind: ofFailures, opens: "cut"},
	"heal":      {kind: ofFailures, closes: "cut"},
	"stall":     {kind: ofFailures, opens: "stall"},
	"unstall":   {kind: ofFailures, closes: "stall"},
	"panic":     {kind: ofFailures},
}

// verbOf is what a page makes of an event.
func verbOf(e *Event) verb {
	v, known := verbs[e.What]
	switch {
	case known:
	case e.ID != 0 && e.Peer != "":
		v.kind = ofMessages
	default:
		v.kind = ofOthers
	}
	return v
}
