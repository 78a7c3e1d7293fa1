package main

import (
	"context"
	"strconv"
)

// startFlood starts the connections that flood the server, in a process of their own beside the
// load, and returns what ends them.
func (m *measurer) startFlood(ctx context.Context, address string, conns int) (stop func() error, err error) {
	if conns == 0 {
		return func() error { return nil }, nil
	}
	flooder := *m
	flooder.settings = new(settings)
	*flooder.settings = *m.settings
	flooder.serverCPU = m.loadCPU
	s, err := flooder.startSaying(ctx, "flooding", &contender{
		name: "flood", binary: m.tools.path("cmd/load"),
		args: []string{"--flood", strconv.Itoa(conns), "--connect", address},
	})
	if err != nil {
		return nil, err
	}
	return s.stop, nil
}
