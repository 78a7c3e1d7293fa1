package childprogram

import "os"

// Variable in its environment has a test's program be a child and not a test.
const Variable = "ASYNCIO_TEST_CHILD"

// Main is what TestMain begins with: a program that is to be a child is one, and does not
// return.
func Main() {
	if os.Getenv(Variable) == "" {
		return
	}
	if err := Run(os.Args[1:]); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}
