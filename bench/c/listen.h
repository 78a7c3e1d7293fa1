/* What the servers have in common: how they begin, listen, give up and end. Include it after the
 * system's headers. */
#include <sys/resource.h>
#include <sys/un.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* listen_unix listens on a path, where what a server before this one has left may be. */
static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		fprintf(stderr, "%s is too long\n", path);
		exit(2);
	}
	strcpy(address.sun_path, path);
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	if (listen(fd, 4096) < 0)
		die("listen");
	printf("listening on unix:%s\n", path);
	fflush(stdout);
	return fd;
}

/* listen_on listens on HOST:PORT or unix:PATH, and says where. */
static int listen_on(const char *where)
{
	char host[64];
	if (strncmp(where, "unix:", 5) == 0)
		return listen_unix(where + 5);
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
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
		die("setsockopt");
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	if (listen(fd, 4096) < 0)
		die("listen");
	socklen_t length = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		die("getsockname");
	printf("listening on %s:%d\n", host, ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

/* begin reads the arguments, lets signals end the server and raises the limit of descriptors. It
 * returns where to listen. */
static const char *begin(int argc, char **argv)
{
	const char *where = "127.0.0.1:7777";
	if (argc == 3 && strcmp(argv[1], "--listen") == 0) {
		where = argv[2];
	} else if (argc != 1) {
		fprintf(stderr, "usage: %s [--listen HOST:PORT|unix:PATH]\n", argv[0]);
		exit(2);
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	signal(SIGPIPE, SIG_IGN);
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return where;
}
