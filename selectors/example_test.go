package selectors_test

import (
	"fmt"
	"log"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// ExampleNewDefaultSelector waits until one of several sockets has something to read.
func ExampleNewDefaultSelector() {
	s, err := selectors.NewDefaultSelector()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	here, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer here.Close()
	there, err := net.Dial("udp", here.LocalAddr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer there.Close()
	if _, err := s.Register(here, selectors.EventRead, "the one here"); err != nil {
		log.Fatal(err)
	}
	ready, err := s.Select(0) // 0 does not wait
	fmt.Println(len(ready), err)
	if _, err := there.Write([]byte("tea")); err != nil {
		log.Fatal(err)
	}
	ready, err = s.Select(selectors.Forever)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range ready {
		fmt.Println(r.Key.Data, "is ready to", r.Events)
	}
	if _, err := s.Unregister(here); err != nil { // before it is closed
		log.Fatal(err)
	}
	// Output:
	// 0 <nil>
	// the one here is ready to read
}

// ExampleSelector_modify changes what a file is watched for.
func ExampleSelector_modify() {
	s, err := selectors.NewSelectSelector()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if _, err := s.Register(conn, selectors.EventRead, nil); err != nil {
		log.Fatal(err)
	}
	key, err := s.Modify(conn, selectors.EventRead|selectors.EventWrite, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("watched for", key.Events)
	ready, err := s.Select(time.Second)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(ready), "ready to", ready[0].Events)
	// Output:
	// watched for read|write
	// 1 ready to write
}

// ExampleAvailable lists what this machine has, and why not what it has not.
func ExampleAvailable() {
	for _, info := range selectors.Available() {
		if !info.Works {
			log.Println(info.Name, "does not work here:", info.Err)
		} else if info.Default {
			log.Println(info.Name, "is the default")
		}
		if info.Name == "select" { // every system has it
			fmt.Println(info.Name, info.Works)
		}
	}
	// Output: select true
}
