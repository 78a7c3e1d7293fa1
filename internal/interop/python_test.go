package interop

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// pythonClient asks a server for lines, in clear and then, if it says so, upgraded to TLS.
const pythonClient = `
import asyncio, ssl, sys
host, port, authority, version, upgrade = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
async def main():
    if upgrade == "yes":
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"begin\n"
        await writer.start_tls(context, server_hostname="localhost")
    else:
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="localhost")
    for i in range(100):
        line = b"x" * i * 100 + b"\n"
        writer.write(line)
        assert await reader.readline() == line
    print(writer.get_extra_info("ssl_object").version())
    writer.close()
    await writer.wait_closed()
asyncio.run(main())
`

// pythonServer echoes lines over TLS, and in clear until a client asks for it.
const pythonServer = `
import asyncio, ssl, sys
port, cert, key, upgrade = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
async def serve(reader, writer):
    while line := await reader.readline():
        if line == b"STARTTLS\n":
            writer.write(b"begin\n")
            await writer.drain()
            await writer.start_tls(context)
            continue
        writer.write(line)
        await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=None if upgrade == "yes" else context)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
`

// pythonVersion is what CPython's ssl calls a version of TLS.
func pythonVersion(v string) string { return "TLSv" + strings.ReplaceAll(v, ".", "_") }

// TestPythonClient: CPython's asyncio speaks with a server of the loop's.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		t.Run(v, func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				addr, last, end := s.serve(ctx, version(certs.Default().Server(), number), echo)
				host, port, _ := net.SplitHostPort(addr)
				out, err := s.program(ctx, pythonClient, "python3", "-", host, port, s.files.Authority, pythonVersion(v), "no")
				s.wants(out, err, "TLSv"+v)
				if lost, err := last().lost.Await(ctx); lost != nil || err != nil {
					s.Error(lost, err)
				}
				end()
			})
		})
		t.Run(v+"/upgraded", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				config := version(certs.Default().Server(), number)
				var p *peer
				server, err := s.loop.CreateServer(ctx, func() asyncio.Protocol {
					p = newPeer(s.loop, func(line []byte) []byte {
						if string(line) == "STARTTLS" {
							s.upgrade(p, config, &asyncio.StartTLSOptions{ServerSide: true})
							return []byte("begin\n")
						}
						return echo(line)
					})
					return p
				}, "tcp", "127.0.0.1:0", nil)
				if err != nil {
					s.Fatal(err)
				}
				host, port, _ := net.SplitHostPort(server.Addrs()[0].String())
				out, err := s.program(ctx, pythonClient, "python3", "-", host, port, s.files.Authority, pythonVersion(v), "yes")
				s.wants(out, err, "TLSv"+v)
				server.Close()
				s.check(server.WaitClosed(ctx))
			})
		})
	}
}

// upgrade has TLS begin on a peer's connection, in a task.
func (s *scene) upgrade(p *peer, c *tls.Config, o *asyncio.StartTLSOptions) {
	asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
		t, err := s.loop.StartTLS(ctx, p.transport, p, c, o)
		s.check(err)
		p.transport = t
		return struct{}{}, nil
	})
}

// TestPythonServer: a client of the loop's speaks with CPython's asyncio.
func TestPythonServer(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		for _, upgrade := range []string{"no", "yes"} {
			t.Run(v+"/upgraded-"+upgrade, func(t *testing.T) {
				over(t, func(ctx context.Context, s *scene) {
					s.check(testkit.WithFreePort(s, func(addr string) error { return s.pythonServer(ctx, addr, number, upgrade) }))
				})
			})
		}
	}
}

// pythonServer starts CPython's server, and speaks with it.
func (s *scene) pythonServer(ctx context.Context, addr string, number uint16, upgrade string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	book := &testkit.LogBook{}
	python := exec.Command("python3", "-c", pythonServer, port, s.files.Cert, s.files.Key, upgrade)
	python.Stdout, python.Stderr = book, book
	if err := python.Start(); err != nil {
		return err
	}
	defer func() {
		_ = python.Process.Kill()
		_ = python.Wait()
	}()
	s.until(ctx, "python is ready", func() bool { return book.Count("ready") > 0 })
	config := version(certs.Default().Client(), number)
	config.ServerName = "localhost"
	c := newPeer(s.loop, nil)
	options := &asyncio.ConnectionOptions{TLS: config}
	if upgrade == "yes" {
		options = nil
	}
	if _, _, err := s.loop.CreateConnection(ctx, func() asyncio.Protocol { return c }, "tcp", addr, options); err != nil {
		return err
	}
	if upgrade == "yes" {
		_, _ = c.transport.Write([]byte("STARTTLS\n"))
		c.hears(ctx, s, "begin\n")
		t, err := s.loop.StartTLS(ctx, c.transport, c, config, nil)
		if err != nil {
			return err
		}
		c.transport = t
	}
	_, _ = c.transport.Write([]byte("hello\n"))
	c.hears(ctx, s, "hello\n")
	c.closes(ctx, s)
	return nil
}
