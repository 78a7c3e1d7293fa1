package nethttp_test

import (
	"log/slog"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// warnings keeps what is logged: loops that are closed tell of what they close.
var warnings testkit.LogBook

func TestMain(m *testing.M) {
	slog.SetDefault(warnings.Logger())
	testkit.Main(m)
}
