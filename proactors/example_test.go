package proactors_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio/proactors"
)

// ExampleNewDefaultProactor makes the system's proactor, where it has one.
func ExampleNewDefaultProactor() {
	p, err := proactors.NewDefaultProactor()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		log.Println(err) // which system, or what forbids it, and what to use instead
	case err != nil:
		log.Fatal(err)
	default:
		log.Println(p.Name())
		if err := p.Close(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("a loop is made of it by asyncio.NewProactorEventLoop")
	// Output: a loop is made of it by asyncio.NewProactorEventLoop
}

// ExampleAvailable lists the forms of completion that this package knows, and whether they
// work on this machine.
func ExampleAvailable() {
	for _, info := range proactors.Available() {
		if info.Works != (info.Err == nil) {
			fmt.Println(info.Name, "works, or says why not")
		}
		log.Println(info.Name, info.Works, info.Err)
	}
	// Output:
}
