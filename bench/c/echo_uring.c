/* An echo server over io_uring(7) and nothing else, without liburing: beside echo_epoll.c the
 * reference for loops by completion. Usage: echo_uring [--listen HOST:PORT]
 *
 * One thread; accept and receive repeat; what is received lies in buffers that the kernel takes from
 * a ring, message after message in one if it can (Linux 6.12); it is sent from there. All sends of a
 * pass, and the wait for what comes next, are one system call. A send is first tried without
 * waiting and without a word if all of it goes (a post, over when the call returns); only what does
 * not go is sent by an operation that waits. It needs Linux 6.3. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "listen.h"

#define ENTRIES 1024
#define RESULTS 8192
#define CLIENTS (1 << 20)
#define POOL (16u << 20)
#define AHEAD 32          /* pieces that may wait to be sent before receiving stops */
#define INCREMENTAL 2     /* IOU_PBUF_RING_INC */
#define STILL (1u << 4)   /* IORING_CQE_F_BUF_MORE */
#define NO_PIECE UINT32_MAX

enum { ACCEPT = 1, RECEIVE, POST, SEND, CANCEL };

/* What was received and is to be sent: of one connection a list. */
struct piece {
	uint32_t at, length, next;
};

static struct connection {
	uint32_t first, last, pieces;
	unsigned char receiving, sending, ended, dry;
} *connections;

static struct buffer {
	uint32_t used, lent;
	int full;
} *buffers;

static struct piece *pieces;
static uint32_t spare = NO_PIECE, piece_count, piece_room;

static int ring, listener;
static unsigned *submit_head, *submit_tail, submit_mask, *result_head, *result_tail, result_mask;
static unsigned tail; /* what *submit_tail is to become */
static struct io_uring_sqe *submissions;
static struct io_uring_cqe *results;

static struct io_uring_buf *provided;
static char *pool;
static unsigned shift, total, in_use;
static uint16_t provided_tail;
static int incremental;

static int *posts, *earlier; /* descriptors: of this pass, and of the last */
static unsigned post_count, earlier_count;
static int *dry;             /* descriptors whose receive found no buffer */
static unsigned dry_count;

static void enter(unsigned wait)
{
	__atomic_store_n(submit_tail, tail, __ATOMIC_RELEASE);
	unsigned n = tail - __atomic_load_n(submit_head, __ATOMIC_ACQUIRE);
	if (syscall(SYS_io_uring_enter, ring, n, wait, IORING_ENTER_GETEVENTS, NULL, 0) < 0 &&
	    errno != EINTR && errno != EAGAIN && errno != EBUSY)
		die("io_uring_enter");
}

static struct io_uring_sqe *submission(int operation, int fd, uint64_t kind, uint64_t number)
{
	while (tail - __atomic_load_n(submit_head, __ATOMIC_ACQUIRE) > submit_mask)
		enter(0);
	struct io_uring_sqe *s = &submissions[tail++ & submit_mask];
	memset(s, 0, sizeof *s);
	s->opcode = operation;
	s->fd = fd;
	s->user_data = kind << 56 | number;
	return s;
}

static void provide(unsigned id)
{
	struct io_uring_buf *b = &provided[provided_tail++ & ((POOL >> shift) - 1)];
	buffers[id] = (struct buffer){0};
	b->addr = (uintptr_t)(pool + ((size_t)id << shift));
	b->len = 1u << shift;
	b->bid = id;
	__atomic_store_n(&provided[0].resv, provided_tail, __ATOMIC_RELEASE);
}

/* A few buffers are in use at first, which stay in the processor's cache. */
static void provide_more(unsigned n)
{
	while (n-- > 0 && total < POOL >> shift)
		provide(total++);
}

static uint32_t take(unsigned id, uint32_t length, int more)
{
	struct buffer *b = &buffers[id];
	uint32_t at = (id << shift) + b->used;
	b->used += length;
	b->lent++;
	if (!incremental || !more) {
		b->full = 1;
		in_use++;
	}
	return at;
}

static void give(uint32_t at)
{
	struct buffer *b = &buffers[at >> shift];
	if (--b->lent == 0 && b->full) {
		in_use--;
		provide(at >> shift);
	}
}

static void receive(int fd)
{
	struct io_uring_sqe *s = submission(IORING_OP_RECV, fd, RECEIVE, fd);
	s->flags = IOSQE_BUFFER_SELECT;
	s->ioprio = IORING_RECV_MULTISHOT;
	connections[fd].receiving = 1;
}

static void accept_all(void)
{
	struct io_uring_sqe *s = submission(IORING_OP_ACCEPT, listener, ACCEPT, 0);
	s->ioprio = IORING_ACCEPT_MULTISHOT;
	s->accept_flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
}

static void append(struct connection *c, uint32_t at, uint32_t length)
{
	if (spare == NO_PIECE) {
		piece_room = piece_room ? 2 * piece_room : 1024;
		pieces = realloc(pieces, piece_room * sizeof *pieces);
		if (!pieces)
			die("realloc");
		while (piece_count < piece_room) {
			pieces[piece_count].next = spare;
			spare = piece_count++;
		}
	}
	uint32_t p = spare;
	spare = pieces[p].next;
	pieces[p] = (struct piece){at, length, NO_PIECE};
	if (c->pieces++ == 0)
		c->first = p;
	else
		pieces[c->last].next = p;
	c->last = p;
}

/* The first piece is sent, or nobody wants it. */
static void remove_first(struct connection *c, uint32_t begin)
{
	uint32_t p = c->first;
	c->first = pieces[p].next;
	c->pieces--;
	give(begin);
	pieces[p].next = spare;
	spare = p;
}

static void finish(int fd)
{
	struct connection *c = &connections[fd];
	if (c->ended && !c->receiving && !c->sending && c->pieces == 0 && !c->dry) {
		memset(c, 0, sizeof *c);
		close(fd);
	}
}

static void post(int fd)
{
	struct connection *c = &connections[fd];
	struct piece *p = &pieces[c->first];
	struct io_uring_sqe *s = submission(IORING_OP_SEND, fd, POST, post_count);
	s->flags = IOSQE_CQE_SKIP_SUCCESS;
	s->addr = (uintptr_t)(pool + p->at);
	s->len = p->length;
	s->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
	c->sending = 1;
	posts[post_count++] = fd;
}

/* The first piece is over; on with the next. */
static void sent(int fd)
{
	struct connection *c = &connections[fd];
	remove_first(c, pieces[c->first].at);
	c->sending = 0;
	if (c->pieces > 0)
		post(fd);
	else if (!c->ended && !c->receiving && !c->dry)
		receive(fd);
	finish(fd);
}

static void broken(int fd)
{
	struct connection *c = &connections[fd];
	while (c->pieces > 0)
		remove_first(c, pieces[c->first].at);
	c->sending = 0;
	c->ended = 1;
	shutdown(fd, SHUT_RDWR); /* which ends the receive */
	finish(fd);
}

/* The rest of the first piece goes when it can. */
static void send_rest(int fd, uint32_t gone)
{
	struct piece *p = &pieces[connections[fd].first];
	struct io_uring_sqe *s = submission(IORING_OP_SEND, fd, SEND, fd);
	s->addr = (uintptr_t)(pool + p->at + gone);
	s->len = p->length - gone;
	s->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
}

static void accepted(const struct io_uring_cqe *r)
{
	int one = 1, fd = r->res;
	if (!(r->flags & IORING_CQE_F_MORE))
		accept_all();
	if (fd < 0) {
		if (fd != -ECONNABORTED && fd != -EAGAIN && fd != -EINTR) {
			errno = -fd;
			die("accept");
		}
		return;
	}
	if (fd >= CLIENTS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	receive(fd);
}

static void received(int fd, const struct io_uring_cqe *r)
{
	struct connection *c = &connections[fd];
	if (r->flags & IORING_CQE_F_BUFFER) {
		uint32_t at = take(r->flags >> IORING_CQE_BUFFER_SHIFT, r->res > 0 ? r->res : 0, r->flags & STILL);
		if (r->res <= 0 || c->ended)
			give(at);
		else
			append(c, at, r->res);
	}
	if (c->pieces > 0 && !c->sending)
		post(fd);
	if (r->flags & IORING_CQE_F_MORE) {
		if (c->pieces == AHEAD) {
			struct io_uring_sqe *s = submission(IORING_OP_ASYNC_CANCEL, -1, CANCEL, 0);
			s->addr = (uint64_t)RECEIVE << 56 | fd;
		}
		return;
	}
	c->receiving = 0;
	if (r->res == -ENOBUFS && !c->ended) {
		c->dry = 1;
		dry[dry_count++] = fd;
	} else if (r->res == 0 || (r->res < 0 && r->res != -ECANCELED && r->res != -EINTR && r->res != -EAGAIN)) {
		c->ended = 1;
	}
	if (!c->ended && !c->dry && c->pieces < AHEAD)
		receive(fd);
	finish(fd);
}

/* Whether something is to be done when the posts are over, of which nobody tells. */
static int posts_matter(void)
{
	if (dry_count > 0)
		return post_count > 0;
	for (unsigned i = 0; i < post_count; i++) {
		struct connection *c = &connections[posts[i]];
		if (c->pieces > 1 || !c->receiving)
			return 1;
	}
	return 0;
}

/* Posts of the last call are over; only those that failed have said so. */
static void settle_posts(void)
{
	for (unsigned i = 0; i < earlier_count; i++)
		if (earlier[i] >= 0)
			sent(earlier[i]);
}

static void post_failed(unsigned i, int result)
{
	int fd = earlier[i];
	earlier[i] = -1;
	if (result >= 0 || result == -EAGAIN || result == -EINTR)
		send_rest(fd, result > 0 ? result : 0);
	else
		broken(fd);
}

static void reap(void)
{
	unsigned head = *result_head, last = __atomic_load_n(result_tail, __ATOMIC_ACQUIRE);
	for (; head != last; head++) {
		struct io_uring_cqe *r = &results[head & result_mask];
		uint64_t number = r->user_data & ((1ull << 56) - 1);
		switch (r->user_data >> 56) {
		case ACCEPT:
			accepted(r);
			break;
		case RECEIVE:
			received(number, r);
			break;
		case POST:
			post_failed(number, r->res);
			break;
		case SEND:
			if (r->res < 0)
				broken(number);
			else
				sent(number);
			break;
		}
	}
	__atomic_store_n(result_head, head, __ATOMIC_RELEASE);
}

static void restart_dry(void)
{
	if (dry_count > 0 && in_use == total)
		provide_more(total);
	unsigned n = dry_count;
	if (in_use == total)
		return;
	dry_count = 0;
	for (unsigned i = 0; i < n; i++) {
		struct connection *c = &connections[dry[i]];
		c->dry = 0;
		if (!c->ended)
			receive(dry[i]);
		else
			finish(dry[i]);
	}
}

static void *map(size_t size, int fd, off_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED | MAP_POPULATE;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void set_up(void)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		.cq_entries = RESULTS,
	};
	ring = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring < 0)
		die("io_uring_setup");
	char *submit = map(p.sq_off.array + p.sq_entries * sizeof(unsigned), ring, IORING_OFF_SQ_RING);
	char *result = map(p.cq_off.cqes + p.cq_entries * sizeof *results, ring, IORING_OFF_CQ_RING);
	submissions = map(p.sq_entries * sizeof *submissions, ring, IORING_OFF_SQES);
	submit_head = (unsigned *)(submit + p.sq_off.head);
	submit_tail = (unsigned *)(submit + p.sq_off.tail);
	submit_mask = *(unsigned *)(submit + p.sq_off.ring_mask);
	for (unsigned i = 0; i < p.sq_entries; i++)
		((unsigned *)(submit + p.sq_off.array))[i] = i;
	result_head = (unsigned *)(result + p.cq_off.head);
	result_tail = (unsigned *)(result + p.cq_off.tail);
	result_mask = *(unsigned *)(result + p.cq_off.ring_mask);
	results = (struct io_uring_cqe *)(result + p.cq_off.cqes);

	for (incremental = 1;; incremental = 0) {
		shift = incremental ? 16 : 14;
		provided = map((POOL >> shift) * sizeof *provided, -1, 0);
		struct io_uring_buf_reg r = {.ring_addr = (uintptr_t)provided, .ring_entries = POOL >> shift};
		r.pad = incremental ? INCREMENTAL : 0; /* flags, in newer headers */
		if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &r, 1) == 0)
			break;
		if (!incremental)
			die("io_uring_register");
	}
	pool = map(POOL, -1, 0);
	buffers = calloc(POOL >> shift, sizeof *buffers);
	connections = calloc(CLIENTS, sizeof *connections); /* pages that no descriptor reaches are never touched */
	posts = calloc(CLIENTS, sizeof *posts);
	earlier = calloc(CLIENTS, sizeof *earlier);
	dry = calloc(CLIENTS, sizeof *dry);
	if (!buffers || !connections || !posts || !earlier || !dry)
		die("calloc");
	provide_more(incremental ? 4 : 16);
}

int main(int argc, char **argv)
{
	const char *where = begin(argc, argv);
	set_up();
	listener = listen_on(where);
	accept_all();
	for (;;) {
		unsigned wait = !posts_matter();
		int *swap = earlier;
		earlier = posts;
		earlier_count = post_count;
		posts = swap;
		post_count = 0;
		enter(wait);
		reap();
		settle_posts();
		restart_dry();
	}
}
