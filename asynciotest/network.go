package asynciotest

// networkCases are the behaviours of servers and connections.
var networkCases = []behaviour{}
