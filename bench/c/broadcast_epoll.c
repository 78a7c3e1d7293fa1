/* A server over level-triggered epoll that sends whatever it gets to every client, and one byte to each
 * that comes: the reference for broadcasts. The load has one message under way, which every client
 * reads before the next, so that no write can be short: one that is ends the server.
 * Usage: broadcast_epoll [--listen HOST:PORT] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

#define BUFFER (64 * 1024)
#define EVENTS 256
#define CLIENTS (1 << 20)

static char buffer[BUFFER];
static int epoll;
static int clients[CLIENTS], place[CLIENTS], count;

static void drop(int fd)
{
	int last = clients[--count];
	clients[place[fd]] = last;
	place[last] = place[fd];
	close(fd);
}

static void send_to(int fd, const char *data, ssize_t length)
{
	ssize_t sent = write(fd, data, length);
	if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
		return; /* its end will be read */
	if (sent != length)
		die("a write that is short");
}

static void accept_all(int listener)
{
	for (;;) {
		int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
				return;
			die("accept4");
		}
		if (fd >= CLIENTS) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			die("epoll_ctl");
		place[fd] = count;
		clients[count++] = fd;
		send_to(fd, "!", 1);
	}
}

static void broadcast(int fd)
{
	ssize_t got = read(fd, buffer, sizeof buffer);
	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			drop(fd);
		return;
	}
	for (int i = 0; i < count; i++)
		send_to(clients[i], buffer, got);
}

int main(int argc, char **argv)
{
	const char *where = begin(argc, argv);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		die("epoll_create1");
	int listener = listen_on(where);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
		die("epoll_ctl");
	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(listener);
			else
				broadcast(events[i].data.fd);
		}
	}
}
