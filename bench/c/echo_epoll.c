/* An echo server over level-triggered epoll and nothing else: the reference that every figure of
 * the benchmarks is compared with. Usage: echo_epoll [--listen HOST:PORT] */
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

/* What the kernel did not take; a descriptor is not read while it has any. */
static struct unsent {
	char *data;
	size_t length;
} *unsent;

static char buffer[BUFFER];
static int epoll;

static void watch(int operation, int fd, unsigned events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	if (epoll_ctl(epoll, operation, fd, &event) < 0)
		die("epoll_ctl");
}

static void drop(int fd)
{
	free(unsent[fd].data);
	memset(&unsent[fd], 0, sizeof unsent[fd]);
	close(fd);
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
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	}
}

static void keep(int fd, const char *data, size_t length)
{
	unsent[fd].data = malloc(length);
	if (!unsent[fd].data)
		die("malloc");
	memcpy(unsent[fd].data, data, length);
	unsent[fd].length = length;
	watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void echo(int fd)
{
	ssize_t got = read(fd, buffer, sizeof buffer);
	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			drop(fd);
		return;
	}
	ssize_t sent = write(fd, buffer, got);
	if (sent == got)
		return;
	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			drop(fd);
			return;
		}
		sent = 0;
	}
	keep(fd, buffer + sent, got - sent);
}

static void resume(int fd)
{
	struct unsent *left = &unsent[fd];
	ssize_t sent = write(fd, left->data, left->length);
	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			drop(fd);
		return;
	}
	left->length -= sent;
	memmove(left->data, left->data + sent, left->length);
	if (left->length == 0) {
		free(left->data);
		left->data = NULL;
		watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	}
}

int main(int argc, char **argv)
{
	const char *where = begin(argc, argv);
	unsent = calloc(CLIENTS, sizeof *unsent); /* pages that no descriptor reaches are never touched */
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!unsent || epoll < 0)
		die("epoll_create1");
	int listener = listen_on(where);
	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == listener)
				accept_all(fd);
			else if (events[i].events & EPOLLOUT)
				resume(fd);
			else
				echo(fd);
		}
	}
}
