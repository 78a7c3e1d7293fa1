// Package nethttp is net/http on an event loop: a client and a server whose coroutines
// wait, where net/http's goroutines block.
//
// # A client in coroutines
//
//	client := &http.Client{Transport: &nethttp.Transport{}}
//	req, err := http.NewRequestWithContext(ctx, "GET", "https://example.org/", nil)
//	if err != nil {
//		return err
//	}
//	resp, err := client.Do(req)
//
// Redirects, cookies, gzip and timeouts are http.Client's and work as they do elsewhere.
// Each request suspends the coroutine that makes it and nothing else, so that one loop
// makes many at once; the same client serves coroutines of several loops and, with
// Transport.Loop, goroutines. Give a request the context of its task: then whatever ends that
// ends the request.
//
// http.Transport itself must not be used in a coroutine: it dials and reads on goroutines of
// its own and waits for them on channels, which holds up the loop. Where a library insists on
// it, call the library by asyncio.ToThread.
//
// Close the transport, on the loop or while the loop runs, when it is not needed any more:
// a loop that is closed with idle connections warns of each.
//
// # A server on goroutines
//
//	l, err := nethttp.Listen(ctx, "tcp", ":8080", nil)
//	if err != nil {
//		return err
//	}
//	go http.Serve(l, handler)
//
// Listen makes a net.Listener, and its connections live on the loop. http.Server is
// used as it is, with all that it can do (HTTP/2 by ServeTLS, for instance); its goroutines
// block, the loop does not.
//
// # A server in coroutines
//
//	server, err := nethttp.Serve(ctx, handler, "tcp", ":8080", nil)
//	if err != nil {
//		return err
//	}
//	defer server.Shutdown(ctx)
//
// Serve calls an http.Handler in a coroutine for each request. All of them run on the one
// goroutine of the loop, and change places only where they wait: they need no locks for what
// they share, and may use everything that belongs to the loop. In return they must not block:
// what does belongs into asyncio.ToThread. That holds for handlers that others have written,
// too. An httputil.ReverseProxy works with a Transport of this package, but for upgrades, for
// which it waits on a channel, and for a FlushInterval above zero, for which it flushes on
// another goroutine: serve such a one by http.Server.
//
// # What is not here
//
// The client and Serve speak HTTP/1.1, over TLS too, and not HTTP/2; SOCKS proxies are
// refused. For either use http.Transport on a goroutine, by asyncio.ToThread.
// Request.Cancel is not looked at: requests have contexts. A header that has several Host
// lines is taken by its first one, as http.ReadRequest reads it.
package nethttp
