package selectors_test

import (
	"fmt"
	"log"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// ExampleNewDefaultSelector waits until one of several sockets has something to do.
func ExampleNewDefaultSelector() {
	s, err := selectors.NewDefaultSelector()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if _, err := s.Register(server, selectors.EventRead, "the server"); err != nil {
		log.Fatal(err)
	}
	ready, err := s.Select(0) // 0 does not wait
	fmt.Println(len(ready), err)
	client, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ready, err = s.Select(selectors.Forever)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range ready {
		fmt.Println(r.Key.Data, "is ready to", r.Events) // a client waits to be accepted
	}
	if _, err := s.Unregister(server); err != nil { // before it is closed
		log.Fatal(err)
	}
	// Output:
	// 0 <nil>
	// the server is ready to read
}

// ExampleSelector_modify changes what a file is watched for.
func ExampleSelector_modify() {
	s, err := selectors.NewSelectSelector()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	conn, err := net.Dial("tcp", server.Addr().String())
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
