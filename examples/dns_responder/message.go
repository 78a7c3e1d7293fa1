package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// The parts of a DNS message that are used here (RFC 1035): a header of 12 bytes, one
// question for an IPv4 address, and in an answer one record.
const (
	headerSize = 12

	flagAnswer   = 0x8000
	codeNoName   = 3 // NXDOMAIN
	typeA        = 1
	classIN      = 1
	nameOfHeader = 0xc000 | headerSize // points at the question's name
	secondsValid = 60
)

var errMalformed = errors.New("malformed message")

// question makes a query for the address of a name.
func question(id uint16, name string) []byte {
	m := make([]byte, headerSize, 64)
	binary.BigEndian.PutUint16(m, id)
	m[5] = 1 // questions
	for label := range strings.SplitSeq(name, ".") {
		m = append(m, byte(len(label)))
		m = append(m, label...)
	}
	m = append(m, 0)
	m = binary.BigEndian.AppendUint16(m, typeA)
	return binary.BigEndian.AppendUint16(m, classIN)
}

// asked reads the name in a message's question, and where what follows it begins.
func asked(m []byte) (name string, end int, err error) {
	if len(m) < headerSize || m[5] != 1 {
		return "", 0, errMalformed
	}
	var labels []string
	for at := headerSize; at < len(m); {
		size := int(m[at])
		at++
		if size == 0 {
			if at+4 > len(m) {
				break
			}
			return strings.Join(labels, "."), at + 4, nil
		}
		if size > 63 || at+size > len(m) {
			break
		}
		labels = append(labels, string(m[at:at+size]))
		at += size
	}
	return "", 0, errMalformed
}

// answer makes the answer to a query, whose question ends at end. Without an address the name
// does not exist.
func answer(query []byte, end int, addr netip.Addr) []byte {
	m := append([]byte(nil), query[:end]...)
	flags := uint16(flagAnswer)
	if !addr.IsValid() {
		flags |= codeNoName
	}
	binary.BigEndian.PutUint16(m[2:], flags)
	if !addr.IsValid() {
		return m
	}
	m[7] = 1 // answers
	m = binary.BigEndian.AppendUint16(m, nameOfHeader)
	m = binary.BigEndian.AppendUint16(m, typeA)
	m = binary.BigEndian.AppendUint16(m, classIN)
	m = binary.BigEndian.AppendUint32(m, secondsValid)
	m = binary.BigEndian.AppendUint16(m, 4)
	return append(m, addr.AsSlice()...)
}

// address reads an answer: the zero address if the name does not exist.
func address(m []byte) (netip.Addr, error) {
	_, end, err := asked(m)
	switch {
	case err != nil:
		return netip.Addr{}, err
	case m[3]&0xf == codeNoName:
		return netip.Addr{}, nil
	case m[7] != 1 || len(m) < end+16:
		return netip.Addr{}, errMalformed
	}
	addr, _ := netip.AddrFromSlice(m[end+12 : end+16])
	return addr, nil
}
