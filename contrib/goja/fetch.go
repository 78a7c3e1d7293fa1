package gojaloop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// maxRedirects is how many redirects fetch follows, as browsers do.
const maxRedirects = 20

// request is what JavaScript asks for, as Go has it.
type request struct {
	method, url, redirect string
	header                http.Header
	body                  []byte
}

// head is what an answer begins with.
type head struct {
	status     int
	statusText string
	url        string
	redirected bool
	header     http.Header
}

// hostFetch begins an exchange and returns its number. It is called with the request and
// the functions for the head, the body and the failure, of which either the first two or,
// whatever came before, the last is called.
func (r *Runtime) hostFetch(call goja.FunctionCall) goja.Value {
	asked := r.requestOf(call.Argument(0).ToObject(r.vm))
	answers := call.Argument(1).ToObject(r.vm)
	owner := r.owner("fetch")
	var id int64
	task := asyncio.CreateTask(r.loop, func(ctx context.Context) ([]byte, error) {
		return r.exchange(ctx, asked, func(h head) {
			// The loop may be closed by now; then nobody waits for it.
			_, _ = r.loop.CallSoonThreadsafe(func() { r.answer(id, answers, h) })
		})
	}, asyncio.WithName("fetch "+asked.url))
	id = r.add(&thing{owner: owner, end: func() { task.Cancel() }})
	task.AddDoneCallback(func(task *asyncio.Task[[]byte]) {
		body, err := task.Result()
		r.fire(id, 0, "exception while a fetch was answered", func() error {
			if err != nil {
				return r.call(answers, "fail", r.vm.ToValue(err.Error()), r.vm.NewGoError(err))
			}
			return r.call(answers, "body", r.vm.ToValue(r.vm.NewArrayBuffer(body)))
		})
	})
	return r.vm.ToValue(id)
}

// hostAbort ends an exchange, of which nothing is heard any more.
func (r *Runtime) hostAbort(call goja.FunctionCall) goja.Value {
	r.end(call.Argument(0).ToInteger())
	return goja.Undefined()
}

// answer is the macrotask in which JavaScript gets the head of an answer.
func (r *Runtime) answer(id int64, answers *goja.Object, h head) {
	thing := r.things[id]
	if thing == nil {
		return
	}
	r.callback(thing.owner, 0, "exception while a fetch was answered", func() error {
		o := r.vm.NewObject()
		var headers []any
		for name, values := range h.header {
			for _, value := range values {
				headers = append(headers, r.vm.NewArray(name, value))
			}
		}
		for _, n := range []named{
			{"status", r.vm.ToValue(h.status)}, {"statusText", r.vm.ToValue(h.statusText)}, {"url", r.vm.ToValue(h.url)},
			{"redirected", r.vm.ToValue(h.redirected)}, {"type", r.vm.ToValue("basic")}, {"headers", r.vm.NewArray(headers...)},
		} {
			if err := o.Set(n.name, n.value); err != nil {
				return err
			}
		}
		return r.call(answers, "head", o)
	})
}

// call calls a method of an object of ours.
func (r *Runtime) call(o *goja.Object, method string, args ...goja.Value) error {
	f, ok := goja.AssertFunction(o.Get(method))
	if !ok {
		return fmt.Errorf("%w: no method %s", ErrInvalidArgument, method)
	}
	_, err := f(o, args...)
	return err
}

// requestOf reads the request that web.js has made.
func (r *Runtime) requestOf(o *goja.Object) *request {
	q := &request{method: o.Get("method").String(), url: o.Get("url").String(), redirect: o.Get("redirect").String(), header: http.Header{}}
	r.vm.ForOf(o.Get("headers"), func(pair goja.Value) bool {
		p := pair.ToObject(r.vm)
		q.header.Add(p.Get("0").String(), p.Get("1").String())
		return true
	})
	if buffer, ok := o.Get("body").Export().(goja.ArrayBuffer); ok {
		q.body = bytes.Clone(buffer.Bytes())
	}
	return q
}

// exchange sends a request, gives the head of the answer to begun, and returns the body. It
// belongs to a coroutine, and is the one place that knows how requests are sent.
func (r *Runtime) exchange(ctx context.Context, q *request, begun func(head)) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a thread that is left behind ends
	return asyncio.ToThread(ctx, func() ([]byte, error) { return q.send(ctx, r.transport, r.maxResponse, begun) })
}

// send sends the request by a transport, and blocks or suspends as that does.
func (q *request) send(ctx context.Context, transport http.RoundTripper, limit int64, begun func(head)) ([]byte, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	asked, err := http.NewRequestWithContext(ctx, q.method, q.url, body)
	if err != nil {
		return nil, err
	}
	asked.Header = q.header
	client := http.Client{Transport: transport, CheckRedirect: q.redirected}
	answer, err := client.Do(asked)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	begun(head{
		status: answer.StatusCode, statusText: strings.TrimPrefix(answer.Status, fmt.Sprintf("%d ", answer.StatusCode)),
		url: answer.Request.URL.String(), redirected: answer.Request != asked, header: answer.Header,
	})
	data, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", q.url, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the answer of %s is longer than %d bytes; see WithMaxResponse", q.url, limit)
	}
	return data, nil
}

// redirected says what becomes of a redirect.
func (q *request) redirected(_ *http.Request, via []*http.Request) error {
	switch {
	case q.redirect == "error":
		return errors.New("redirected, which the request forbids")
	case q.redirect == "manual":
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return nil
}

// hostEncode returns a string's UTF-8 as an ArrayBuffer.
func (r *Runtime) hostEncode(call goja.FunctionCall) goja.Value {
	return r.vm.ToValue(r.vm.NewArrayBuffer([]byte(call.Argument(0).String())))
}

// hostDecode returns the string of an ArrayBuffer's UTF-8, without a byte order mark; what
// is no UTF-8 is U+FFFD.
func (r *Runtime) hostDecode(call goja.FunctionCall) goja.Value {
	buffer, ok := call.Argument(0).Export().(goja.ArrayBuffer)
	if !ok {
		panic(r.vm.NewTypeError("an ArrayBuffer is needed"))
	}
	text := bytes.TrimPrefix(buffer.Bytes(), []byte("\uFEFF"))
	return r.vm.ToValue(strings.ToValidUTF8(string(text), "\uFFFD"))
}
