package trace

// verb is what a page makes of a kind of event.
type verb struct {
	kind   string // for the page's filter and colours
	opens  string // what lasts from here on
	closes string // what ends here
	cross  bool   // a message ends here that does not arrive
	comes  bool   // from the peer, and not to it
	again  bool   // a message sets out once more
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
	"work":      {kind: ofTurns},
	"send":      {kind: ofMessages},
	"syn":       {kind: ofMessages},
	"synack":    {kind: ofMessages},
	"ack":       {kind: ofMessages},
	"fin":       {kind: ofMessages},
	"reset":     {kind: ofMessages},
	"resend":    {kind: ofMessages, again: true},
	"arrive":    {kind: ofMessages, comes: true},
	"lost":      {kind: ofMessages, cross: true},
	"drop":      {kind: ofConnections, comes: true},
	"listen":    {kind: ofConnections},
	"connect":   {kind: ofConnections},
	"accept":    {kind: ofConnections, comes: true},
	"connected": {kind: ofConnections},
	"refuse":    {kind: ofConnections, comes: true},
	"timeout":   {kind: ofConnections},
	"broken":    {kind: ofConnections},
	"close":     {kind: ofConnections},
	"task":      {kind: ofTasks, opens: "task"},
	"done":      {kind: ofTasks, closes: "task"},
	"cancelled": {kind: ofTasks, closes: "task"},
	"raised":    {kind: ofTasks, closes: "task"},
	"start":     {kind: ofFailures, closes: "down"},
	"up":        {kind: ofFailures, closes: "down"},
	"crash":     {kind: ofFailures, opens: "down"},
	"pause":     {kind: ofFailures, opens: "pause"},
	"resume":    {kind: ofFailures, closes: "pause"},
	"cut":       {kind: ofFailures, opens: "cut"},
	"stall":     {kind: ofFailures, opens: "cut"},
	"heal":      {kind: ofFailures, closes: "cut"},
	"unstall":   {kind: ofFailures, closes: "cut"},
	"loss":      {kind: ofFailures},
	"link":      {kind: ofFailures},
	"skew":      {kind: ofFailures},
	"drift":     {kind: ofFailures},
	"fault":     {kind: ofFailures},
	"error":     {kind: ofFailures},
	"log":       {kind: ofOthers},
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
