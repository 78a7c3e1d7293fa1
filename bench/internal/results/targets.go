package results

// Target is what was aimed at: a contender's measure in a cell is at most Limit times another's, or
// Limit itself if it is compared with nobody.
type Target struct {
	Shape, Cell, Contender, Measure string
	To                              string
	Limit                           float64
}

// targets are what this library aims at.
var targets = concat(
	atMost("asyncio-epoll", 1.03, "50x64x1", "1000x64x1", "1000x1024x1", "10000x64x1"),
	atMost("asyncio-proactor", 1.00, "50x64x1", "1000x64x1", "1000x1024x1", "10000x64x1"),
	[]Target{
		{"pipelined", "50x64x16", "asyncio-epoll", CPU, "c-epoll", 1.03},
		{"pipelined", "50x64x16", "asyncio-proactor", CPU, "c-epoll", 1.00},
		{"large", "50x16384x1", "asyncio-epoll", CPU, "c-epoll", 1.03},
		{"large", "50x16384x1", "asyncio-proactor", CPU, "c-epoll", 1.00},
		{"ping-pong", "50x64x1", "asyncio-streams", CPU, "c-epoll", 1.06},
		{"pipelined", "50x64x16", "asyncio-streams", CPU, "c-epoll", 1.08},
		{"large", "50x16384x1", "asyncio-streams", CPU, "c-epoll", 1.05},
		{"ping-pong", "1000x64x1", "asyncio-streams", CPU, "c-epoll", 1.12},
		{"ping-pong", "50x64x1", "asyncio-streams", CPU, "gonet", 1},
		{"pipelined", "50x64x16", "asyncio-streams", CPU, "gonet", 1},
		{"large", "50x16384x1", "asyncio-streams", CPU, "gonet", 1},
		{"ping-pong", "1000x64x1", "asyncio-streams", CPU, "gonet", 1},
		{"ping-pong", "1x64x1", "asyncio-epoll", CPU, "gnet", 1},
		{"ping-pong", "1x64x1", "asyncio-epoll", P50, "gnet", 1},
		{"ping-pong", "1x64x1", "asyncio-epoll", P99, "gnet", 1},
		{"ping-pong", "1x64x1", "asyncio-epoll", P50, "gonet", 1},
		{"ping-pong", "1x64x1", "asyncio-epoll", P99, "gonet", 1},
		{"instructions", "50x64x1", "asyncio-epoll", Instructions, "", 350},
		{"instructions", "50x64x1", "asyncio-proactor", Instructions, "", 500},
		{"instructions", "50x64x1", "asyncio-streams", Instructions, "", 1000},
		{"memory", "", "asyncio-epoll", Untouched, "", 450},
		{"memory", "", "asyncio-streams", Untouched, "", 3600},
		{"memory", "", "asyncio-streams", Used, "", 5500},
		{"primitives", "Switch", "Sleep0", Operation, "iter.Pull", 1.6},
		{"primitives", "Switch", "Future", Operation, "iter.Pull", 1.8},
		{"primitives", "Switch", "Sleep0", Operation, "channel", 1},
		{"primitives", "Switch", "Future", Operation, "channel", 1},
		{"primitives", "CallSoonThreadsafe/1", "asyncio", Operation, "channel", 1},
		{"primitives", "CallSoonThreadsafe/4", "asyncio", Operation, "channel", 1},
		{"primitives", "TrivialTask/1", "asyncio", Operation, "goroutine", 1},
		{"primitives", "TrivialTask/1000", "asyncio", Operation, "goroutine", 1},
		{"two loops", "50x64x1", "asyncio-2", CPU, "gnet-2", 1 / 1.05},
	})

// atMost are targets for the CPU time of a ping-pong, as multiples of the reference's.
func atMost(contender string, limit float64, cells ...string) (all []Target) {
	for _, cell := range cells {
		all = append(all, Target{"ping-pong", cell, contender, CPU, "c-epoll", limit})
	}
	return all
}

func concat(lists ...[]Target) (all []Target) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// Aim is a target, and what was measured.
type Aim struct {
	Target
	Got Spread
}

// Met tells whether the median reaches the target.
func (a Aim) Met() bool { return a.Got.Median <= a.Limit }

// Aims are the targets whose cells were measured. A target without a cell is for the shape's only one.
func (r *Results) Aims() (all []Aim) {
	for _, t := range targets {
		s := r.Shape(t.Shape)
		if s == nil || len(s.Cells) == 0 {
			continue
		}
		if t.Cell == "" {
			t.Cell = s.Cells[0].Name
		}
		got := s.Cell(t.Cell).Row(t.Contender).Spread(t.Measure)
		if t.To != "" {
			cell := s.Cell(t.Cell)
			if cell == nil {
				continue
			}
			got = cell.Ratio(t.Contender, t.To, t.Measure)
		}
		if got.N > 0 {
			all = append(all, Aim{t, got})
		}
	}
	return all
}
