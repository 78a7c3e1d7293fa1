package asyncio

// CloseClients closes every connection of the server once it has sent what is
// buffered; of one that is accepted and not yet set up no protocol is made. Any
// goroutine may call it. (Server.close_clients)
func (s *Server) CloseClients() {
	s.onLoop(func() { s.endClients((*streamTransport).close) })
}

// AbortClients ends every connection of the server at once; of one that is
// accepted and not yet set up no protocol is made. Any goroutine may call it.
// (Server.abort_clients)
func (s *Server) AbortClients() {
	s.onLoop(func() { s.endClients(func(t *streamTransport) { t.core.Abort(nil) }) })
}

// endClients ends what the server has of connections, half made ones first.
func (s *Server) endClients(end func(t *streamTransport)) {
	for _, c := range s.loop.transports.waiting.Of((*serverOutside)(s)) {
		_ = c.Drop()
	}
	for _, t := range s.loop.transports.of(s) {
		end(t)
	}
}
