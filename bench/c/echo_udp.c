/* echo_udp: the reference for datagrams: one socket, one thread, as many datagrams as there are with
 * each recvmmsg(2), and all of them back with one sendmmsg(2).
 *
 *   echo_udp [--listen udp:HOST:PORT]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, LONGEST = 64 << 10 };

static char memory[BATCH][LONGEST];
static struct sockaddr_in peers[BATCH];
static struct iovec pieces[BATCH];
static struct mmsghdr messages[BATCH];

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int bind_to(const char *where)
{
	char host[64];
	if (strncmp(where, "udp:", 4) == 0)
		where += 4;
	const char *colon = strrchr(where, ':');
	if (!colon || (size_t)(colon - where) >= sizeof host) {
		fprintf(stderr, "%s is not HOST:PORT\n", where);
		exit(2);
	}
	memcpy(host, where, colon - where);
	host[colon - where] = 0;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		fprintf(stderr, "%s is no IPv4 address\n", host);
		exit(2);
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	socklen_t length = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		die("getsockname");
	printf("listening on udp:%s:%d\n", host, ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	const char *where = "127.0.0.1:7777";
	if (argc == 3 && strcmp(argv[1], "--listen") == 0) {
		where = argv[2];
	} else if (argc != 1) {
		fprintf(stderr, "usage: echo_udp [--listen udp:HOST:PORT]\n");
		return 2;
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	int fd = bind_to(where);
	for (int i = 0; i < BATCH; i++) {
		pieces[i].iov_base = memory[i];
		messages[i].msg_hdr.msg_name = &peers[i];
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			pieces[i].iov_len = LONGEST;
			messages[i].msg_hdr.msg_namelen = sizeof peers[i];
		}
		int got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		if (got < 0) {
			if (errno == EINTR || errno == ECONNREFUSED)
				continue;
			die("recvmmsg");
		}
		for (int i = 0; i < got; i++)
			pieces[i].iov_len = messages[i].msg_len;
		for (int sent = 0; sent < got;) {
			int n = sendmmsg(fd, messages + sent, got - sent, 0);
			if (n < 0 && errno != EINTR)
				die("sendmmsg");
			if (n > 0)
				sent += n;
		}
	}
}
