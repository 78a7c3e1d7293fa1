package loopgroup_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
