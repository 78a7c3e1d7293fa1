//go:build !windows

package selectors

import "math"

// maxDescriptor is the highest possible descriptor: the system's are of C's
// type int.
const maxDescriptor = math.MaxInt32
