/* An echo server over libuv, written as its guide writes one, but that it tries to write at once
 * (uv_try_write) and allocates only for what the kernel does not take. With --broadcast it sends
 * whatever it gets to every client, and one byte to each that comes.
 * Usage: echo_uv [--broadcast] [--listen HOST:PORT|unix:PATH] */
#include <signal.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#define BUFFER (64 * 1024)
#define CLIENTS (1 << 20)

/* A client is a TCP or a unix socket; the array is what a broadcast goes to. */
struct client {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} as;
	int place;
};

struct pending {
	uv_write_t request;
	char data[];
};

static uv_loop_t *loop;
static int broadcasting, local;
static char buffer[BUFFER];
static struct client *clients[CLIENTS];
static int count;

static void check(int status, const char *what)
{
	if (status < 0) {
		fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
		exit(1);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)handle;
	(void)number;
	exit(0);
}

static void on_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;
	struct client *last = clients[--count];
	clients[c->place] = last;
	last->place = c->place;
	free(c);
}

static void hang_up(struct client *c)
{
	if (!uv_is_closing(&c->as.handle))
		uv_close(&c->as.handle, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
	if (status < 0)
		hang_up(request->handle->data);
	free(request);
}

static void send_to(struct client *c, char *data, size_t length)
{
	if (uv_is_closing(&c->as.handle))
		return;
	uv_buf_t whole = uv_buf_init(data, length);
	int sent = uv_try_write(&c->as.stream, &whole, 1);
	if (sent == (int)length)
		return;
	if (sent < 0 && sent != UV_EAGAIN) {
		hang_up(c);
		return;
	}
	if (sent < 0)
		sent = 0;
	struct pending *p = malloc(sizeof *p + length - sent);
	if (!p)
		abort();
	memcpy(p->data, data + sent, length - sent);
	uv_buf_t rest = uv_buf_init(p->data, length - sent);
	check(uv_write(&p->request, &c->as.stream, &rest, 1, on_written), "uv_write");
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	(void)size;
	*out = uv_buf_init(buffer, sizeof buffer); /* in use until on_read returns, and no longer */
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *from)
{
	if (got < 0) {
		hang_up(stream->data);
	} else if (got > 0 && !broadcasting) {
		send_to(stream->data, from->base, got);
	} else if (got > 0) {
		for (int i = 0; i < count; i++)
			send_to(clients[i], from->base, got);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	check(status, "listen");
	struct client *c = calloc(1, sizeof *c);
	if (!c || count == CLIENTS)
		abort();
	if (local)
		check(uv_pipe_init(loop, &c->as.pipe, 0), "uv_pipe_init");
	else
		check(uv_tcp_init(loop, &c->as.tcp), "uv_tcp_init");
	c->as.handle.data = c;
	c->place = count;
	clients[count++] = c;
	if (uv_accept(listener, &c->as.stream) < 0) {
		hang_up(c);
		return;
	}
	if (!local)
		uv_tcp_nodelay(&c->as.tcp, 1);
	check(uv_read_start(&c->as.stream, give_buffer, on_read), "uv_read_start");
	if (broadcasting)
		send_to(c, "!", 1);
}

static void listen_tcp(const char *where)
{
	static uv_tcp_t listener;
	char host[64];
	const char *colon = strrchr(where, ':');
	if (!colon || (size_t)(colon - where) >= sizeof host) {
		fprintf(stderr, "%s is not HOST:PORT\n", where);
		exit(2);
	}
	memcpy(host, where, colon - where);
	host[colon - where] = 0;
	struct sockaddr_in address;
	check(uv_ip4_addr(host, atoi(colon + 1), &address), "uv_ip4_addr");
	check(uv_tcp_init(loop, &listener), "uv_tcp_init");
	check(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "uv_tcp_bind");
	check(uv_listen((uv_stream_t *)&listener, 4096, on_connection), "uv_listen");
	int length = sizeof address;
	check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "uv_tcp_getsockname");
	printf("listening on %s:%d\n", host, ntohs(address.sin_port));
}

static void listen_unix(const char *path)
{
	static uv_pipe_t listener;
	local = 1;
	unlink(path);
	check(uv_pipe_init(loop, &listener, 0), "uv_pipe_init");
	check(uv_pipe_bind(&listener, path), "uv_pipe_bind");
	check(uv_listen((uv_stream_t *)&listener, 4096, on_connection), "uv_listen");
	printf("listening on unix:%s\n", path);
}

int main(int argc, char **argv)
{
	const char *where = "127.0.0.1:7777";
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--broadcast") == 0) {
			broadcasting = 1;
		} else if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc) {
			where = argv[++i];
		} else {
			fprintf(stderr, "usage: echo_uv [--broadcast] [--listen HOST:PORT|unix:PATH]\n");
			return 2;
		}
	}
	static uv_signal_t term, interrupt;
	struct rlimit files;
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	loop = uv_default_loop();
	uv_signal_init(loop, &term);
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_init(loop, &interrupt);
	uv_signal_start(&interrupt, on_signal, SIGINT);
	if (strncmp(where, "unix:", 5) == 0)
		listen_unix(where + 5);
	else
		listen_tcp(where);
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
