module github.com/go-asyncio/asyncio

go 1.26.0

require (
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
)
