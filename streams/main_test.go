package streams

import (
	"log/slog"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// warnings keeps what the package logs. It goes to the default logger, which is
// one for the process: tests look for what names their own connection.
var warnings testkit.LogBook

func TestMain(m *testing.M) {
	slog.SetDefault(warnings.Logger())
	testkit.Main(m)
}
