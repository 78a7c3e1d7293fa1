package asyncio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestBaseProtocols: what is there to embed does nothing.
func TestBaseProtocols(t *testing.T) {
	t.Parallel()
	t.Run("protocols.001.base-protocol-noop", func(t *testing.T) {
		t.Parallel()
		var p asyncio.Protocol = struct{ asyncio.BaseProtocol }{}
		p.ConnectionMade(nil)
		p.ConnectionLost(nil)
		p.PauseWriting()
		p.ResumeWriting()
	})
	t.Run("protocols.002.stream-protocol-noop", func(t *testing.T) {
		t.Parallel()
		var p asyncio.Protocol = struct{ asyncio.BaseProtocol }{}
		p.DataReceived([]byte("x"))
		if p.EOFReceived() {
			t.Error("the connection would stay open at its end")
		}
	})
}

// TestSubprocessBases: what is there to embed for children does nothing, or says so.
func TestSubprocessBases(t *testing.T) {
	t.Parallel()
	t.Run("protocols.004.subprocess-protocol-noop", func(t *testing.T) {
		t.Parallel()
		var p asyncio.SubprocessProtocol = struct{ asyncio.BaseSubprocessProtocol }{}
		p.ConnectionMade(nil)
		p.PipeDataReceived(1, []byte("x"))
		p.PipeConnectionLost(1, nil)
		p.ProcessExited()
		p.ConnectionLost(nil)
	})
	t.Run("protocols.011.abstract-subprocess", func(t *testing.T) {
		t.Parallel()
		var tr asyncio.SubprocessTransport = struct {
			asyncio.UnimplementedSubprocessTransport
		}{}
		for i, err := range []error{tr.SendSignal(os.Kill), tr.Terminate(), tr.Kill(), tr.Close(), tr.SetProtocol(nil)} {
			if !errors.Is(err, asyncio.ErrNotImplemented) {
				t.Errorf("method %d answers %v", i, err)
			}
		}
		if _, known := tr.GetReturnCode(); known || tr.GetPID() != 0 || tr.GetPipeTransport(0) != nil || tr.IsClosing() ||
			tr.GetExtraInfo("x") != nil || tr.GetProtocol() != nil {
			t.Error("an absent transport knows something")
		}
	})
}

// TestUnimplementedTransport: every method answers.
func TestUnimplementedTransport(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, errs ...error) {
		t.Helper()
		for i, err := range errs {
			if !errors.Is(err, asyncio.ErrNotImplemented) || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("method %d answers %v", i, err)
			}
		}
	}
	empty := func(t *testing.T, b asyncio.BaseTransport) {
		t.Helper()
		if b.IsClosing() || b.GetExtraInfo("socket") != nil || b.LocalAddr() != nil || b.RemoteAddr() != nil {
			t.Error("an absent transport knows something")
		}
	}
	t.Run("protocols.009.abstract-transport", func(t *testing.T) {
		t.Parallel()
		var tr asyncio.Transport = struct{ asyncio.UnimplementedTransport }{}
		_, err := tr.Write([]byte("x"))
		refused(t, err, tr.WriteLines(nil), tr.WriteEOF(), tr.PauseReading(), tr.ResumeReading(), tr.SetProtocol(nil),
			tr.SetWriteBufferLimits(1, 1), tr.Close())
		empty(t, tr)
		low, high := tr.GetWriteBufferLimits()
		if tr.CanWriteEOF() || tr.IsReading() || tr.GetProtocol() != nil || tr.GetWriteBufferSize()+low+high != 0 {
			t.Error("an absent transport can do something")
		}
		tr.Abort()
	})
}

// TestExtraInfo is what transports know.
func TestExtraInfo(t *testing.T) {
	t.Parallel()
	fakeRow(t, "protocols.006.extra-default", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{}) // a stream that is no socket
		for _, name := range []string{"sockname", "peername", "anything"} {
			if v := tr.GetExtraInfo(name); v != nil {
				n.Errorf("%s is %v", name, v)
			}
		}
		if tr.LocalAddr() != nil || tr.RemoteAddr() != nil {
			n.Error("an address of nothing")
		}
		tr.Abort()
	})
	netRow(t, "protocols.007.get-extra-info", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			tr := client.transport
			if fd, ok := tr.GetExtraInfo("socket").(uintptr); !ok || fd == 0 {
				n.Errorf("socket is %v", tr.GetExtraInfo("socket"))
			}
			local, remote := tr.GetExtraInfo("sockname").(net.Addr), tr.GetExtraInfo("peername").(net.Addr)
			if local.String() != server.transport.RemoteAddr().String() || remote.String() != server.transport.LocalAddr().String() {
				n.Errorf("from %v to %v", local, remote)
			}
			if v := tr.GetExtraInfo("unheard of"); v != nil {
				n.Errorf("an unknown name gives %v", v)
			}
			tr.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			if tr.LocalAddr().String() != local.String() || tr.GetExtraInfo("peername").(net.Addr).String() != remote.String() {
				n.Error("the addresses did not outlive the connection")
			}
		})
	})
}
