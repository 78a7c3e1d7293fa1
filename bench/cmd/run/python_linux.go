package main

import (
	"context"
	"errors"
	"os/exec"
)

// uvloop is the argument by which peers/python/echo.py runs on uvloop.
const uvloop = "--uvloop"

// interpreters are those that are tried: Debian's has what Debian packages, uvloop among it, and
// need not be the first in the path.
var interpreters = []string{"python3", "/usr/bin/python3"}

// interpreter is the Python for all contenders in Python: the first that has uvloop, so that with
// and without it are compared on the same one, or else the first that works.
func interpreter(ctx context.Context, withUVLoop bool) (string, error) {
	works := func(statement string) string {
		for _, name := range interpreters {
			if exec.CommandContext(ctx, name, "-c", statement).Run() == nil {
				return name
			}
		}
		return ""
	}
	if name := works("import uvloop"); name != "" {
		return name, nil
	}
	if withUVLoop {
		return "", errors.New("no Python here has uvloop: install python3-uvloop")
	}
	if name := works("import asyncio"); name != "" {
		return name, nil
	}
	return "", errors.New("there is no python3")
}
