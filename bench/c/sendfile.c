/* Sends a file over a connection and says what that has cost: the reference of the benchmark of
 * files. Usage: sendfile HOW HOST:PORT FILE, where HOW is
 *
 *   sendfile  sendfile(2) on a blocking socket, as much at once as it takes
 *   epoll     sendfile(2) on a non-blocking socket, and epoll_wait(2) when it is full
 *   splice    pairs of linked splices over io_uring, from the file to a pipe and on to the socket
 *
 * Prints the CPU time of the transfer in nanoseconds, user and system, all threads together. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIPE (1 << 20)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int connect_to(const char *where)
{
	char host[64];
	const char *colon = strrchr(where, ':');
	if (!colon || (size_t)(colon - where) >= sizeof host)
		die("HOST:PORT");
	memcpy(host, where, colon - where);
	host[colon - where] = 0;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		die(host);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("connect");
	return fd;
}

static long long cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

static void by_sendfile(int fd, int file, off_t size)
{
	for (off_t at = 0; at < size;)
		if (sendfile(fd, file, &at, size - at) < 0 && errno != EINTR)
			die("sendfile");
}

static void by_epoll(int fd, int file, off_t size)
{
	struct epoll_event event = {.events = EPOLLOUT};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
	for (off_t at = 0; at < size;) {
		ssize_t n = sendfile(fd, file, &at, size - at);
		if (n < 0 && errno == EAGAIN)
			epoll_wait(epoll, &event, 1, -1);
		else if (n < 0 && errno != EINTR)
			die("sendfile");
	}
}

static void by_splice(int fd, int file, off_t size)
{
	struct io_uring_params p = {0};
	int ends[2], ring = syscall(SYS_io_uring_setup, 8, &p);
	if (ring < 0 || pipe2(ends, O_CLOEXEC) < 0)
		die("io_uring_setup");
	fcntl(ends[1], F_SETPIPE_SZ, PIPE);
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqes = mmap(NULL, p.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	unsigned *tail = (unsigned *)(sq + p.sq_off.tail), mask = *(unsigned *)(sq + p.sq_off.ring_mask), *array = (unsigned *)(sq + p.sq_off.array);
	unsigned *head = (unsigned *)(cq + p.cq_off.head), *end = (unsigned *)(cq + p.cq_off.tail), cmask = *(unsigned *)(cq + p.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	off_t read = 0, sent = 0;
	while (sent < size) {
		unsigned n = 0, t = *tail;
		off_t more = size - read < PIPE - (read - sent) ? size - read : PIPE - (read - sent);
		if (more > 0) {
			struct io_uring_sqe *e = &sqes[t & mask];
			*e = (struct io_uring_sqe){.opcode = IORING_OP_SPLICE, .fd = ends[1], .off = -1, .splice_fd_in = file, .splice_off_in = read, .len = more, .flags = IOSQE_IO_LINK, .user_data = 1};
			array[t & mask] = t & mask, t++, n++;
		}
		struct io_uring_sqe *e = &sqes[t & mask];
		*e = (struct io_uring_sqe){.opcode = IORING_OP_SPLICE, .fd = fd, .off = -1, .splice_fd_in = ends[0], .splice_off_in = -1, .len = PIPE, .user_data = 2};
		array[t & mask] = t & mask, t++, n++;
		__atomic_store_n(tail, t, __ATOMIC_RELEASE);
		if (syscall(SYS_io_uring_enter, ring, n, n, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
			die("io_uring_enter");
		while (*head != __atomic_load_n(end, __ATOMIC_ACQUIRE)) {
			struct io_uring_cqe *c = &cqes[*head & cmask];
			if (c->res < 0 && c->res != -ECANCELED && c->res != -EAGAIN) {
				errno = -c->res;
				die("splice");
			}
			if (c->res > 0 && c->user_data == 1)
				read += c->res;
			if (c->res > 0 && c->user_data == 2)
				sent += c->res;
			__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
		}
	}
}

int main(int count, char **arguments)
{
	if (count != 4) {
		fprintf(stderr, "usage: sendfile sendfile|epoll|splice HOST:PORT FILE\n");
		return 2;
	}
	int fd = connect_to(arguments[2]), file = open(arguments[3], O_RDONLY | O_CLOEXEC);
	struct stat info;
	if (file < 0 || fstat(file, &info) < 0)
		die(arguments[3]);
	long long before = cpu();
	if (!strcmp(arguments[1], "splice"))
		by_splice(fd, file, info.st_size);
	else if (!strcmp(arguments[1], "epoll"))
		by_epoll(fd, file, info.st_size);
	else
		by_sendfile(fd, file, info.st_size);
	printf("%lld\n", cpu() - before);
	return 0;
}
