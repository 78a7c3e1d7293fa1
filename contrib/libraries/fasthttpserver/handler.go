package fasthttpserver

import (
	"net/http"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// Handler has an http.Handler serve fasthttp's requests, in the coroutine that serves the
// connection. (fasthttpadaptor's own adaptor calls the handler on another goroutine and waits
// for that on a channel, which holds the loop.) The response is sent when the handler
// returns: a ResponseWriter here is no http.Flusher and no http.Hijacker. The context of the
// request is fasthttp's RequestCtx.
func Handler(h http.Handler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		var r http.Request
		if err := fasthttpadaptor.ConvertRequest(ctx, &r, true); err != nil {
			ctx.Error("Bad Request", fasthttp.StatusBadRequest)
			return
		}
		w := response{ctx: ctx, header: http.Header{}}
		h.ServeHTTP(&w, r.WithContext(ctx))
		w.WriteHeader(http.StatusOK)
	}
}

// response is an http.ResponseWriter that fills the response of a RequestCtx.
type response struct {
	ctx    *fasthttp.RequestCtx
	header http.Header
	sent   bool // the header is settled
}

var _ http.ResponseWriter = (*response)(nil)

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. The first one counts; what is informational is
// left out.
func (w *response) WriteHeader(status int) {
	if w.sent || status < http.StatusOK {
		return
	}
	w.sent = true
	w.ctx.SetStatusCode(status)
	for name, values := range w.header {
		if name == fasthttp.HeaderContentType && len(values) > 0 {
			w.ctx.SetContentType(values[0])
			continue
		}
		for _, v := range values {
			w.ctx.Response.Header.Add(name, v)
		}
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if !w.sent {
		if _, named := w.header[fasthttp.HeaderContentType]; !named {
			w.header.Set(fasthttp.HeaderContentType, http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.ctx.Write(p)
}
