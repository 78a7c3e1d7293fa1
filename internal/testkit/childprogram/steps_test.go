package childprogram_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
)

// TestUnknownStep: a step that is not there is an error, and not a child that does nothing.
func TestUnknownStep(t *testing.T) {
	t.Parallel()
	if err := childprogram.Run([]string{"dance"}); err == nil {
		t.Error("it danced")
	}
}
