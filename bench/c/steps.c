/* Counts the user-space instructions of a running process by stepping through them one by one
 * with ptrace(2): exact, slow, and possible where the processor's counters cannot be read, as in
 * most virtual machines.
 *
 * Usage: steps PID [--hold-monitor] [--registers]
 *
 * Prints "ready" once every thread is stepped. On SIGUSR1 it prints "mark TOTAL", a line "ADDRESS COUNT"
 * for every instruction executed so far, and "end". On SIGTERM it kills the process and ends.
 *
 * --registers, on x86-64 alone, writes what the registers were before each instruction instead, each
 * repetition of a string instruction included: records of 19 numbers of 8 bytes, the program counter, the 16
 * general registers in the order in which instructions number them, and the bases of FS and GS. SIGUSR1 is then answered
 * once every thread sleeps, by a record of zeroes: what was done before it is all that there was to do.
 *
 * --hold-monitor is for Go programs. Stepping slows a program several hundred times, and the
 * runtime's monitor thread, which goes by the real time, would take the processor away from
 * every thread that seems to be stuck in a system call. So that thread, the second one that the
 * runtime starts, is held, not counted, and let go only while nothing else moves. */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESSES (1 << 20)
#define THREADS 4096
#define TICK_US 2000
#define REGISTERS 19
#define RECORDS 512

static struct {
	unsigned long pc, count;
} table[ADDRESSES];

static struct thread {
	pid_t id;
	unsigned long pc; /* of the instruction that runs next */
	unsigned long registers[REGISTERS]; /* before it */
} threads[THREADS];

static int thread_count;
static unsigned long total;
static pid_t process, monitor;
static int monitor_held, wants_registers;
static volatile sig_atomic_t wants_mark, wants_end, ticked;

static void on_signal(int signal)
{
	if (signal == SIGUSR1)
		wants_mark = 1;
	else if (signal == SIGTERM)
		wants_end = 1;
	else
		ticked = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "steps: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long program_counter(pid_t id)
{
#if defined(__x86_64__)
	return ptrace(PTRACE_PEEKUSER, id, offsetof(struct user_regs_struct, rip), 0);
#elif defined(__aarch64__)
	struct user_regs_struct registers;
	struct iovec vector = {&registers, sizeof registers};
	ptrace(PTRACE_GETREGSET, id, NT_PRSTATUS, &vector);
	return registers.pc;
#else
#error "steps knows x86-64 and aarch64"
#endif
}

static void read_registers(struct thread *t)
{
#if defined(__x86_64__)
	struct user_regs_struct r;
	if (ptrace(PTRACE_GETREGS, t->id, 0, &r) < 0)
		return; /* it was killed meanwhile, and says so itself */
	unsigned long all[REGISTERS] = {
		r.rip, r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8,
		r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.fs_base, r.gs_base,
	};
	memcpy(t->registers, all, sizeof all);
#else
	(void)t;
#endif
}

static unsigned long records[RECORDS][REGISTERS];
static int record_count;

static void write_records(void)
{
	const char *from = (const char *)records;
	for (size_t left = record_count * sizeof *records; left > 0;) {
		ssize_t n = write(STDOUT_FILENO, from, left);
		if (n < 0 && errno != EINTR)
			die("write");
		if (n > 0)
			from += n, left -= n;
	}
	record_count = 0;
}

static void record(const unsigned long *registers)
{
	memcpy(records[record_count++], registers, sizeof *records);
	if (record_count == RECORDS)
		write_records();
}

/* Whether a stopped thread was asleep: one that holds a lock of its program is not. */
static int asleep(pid_t id)
{
	long call;
#if defined(__x86_64__)
	call = ptrace(PTRACE_PEEKUSER, id, offsetof(struct user_regs_struct, orig_rax), 0);
#elif defined(__aarch64__)
	struct iovec vector = {&call, sizeof(int)};
	call = 0;
	ptrace(PTRACE_GETREGSET, id, NT_ARM_SYSTEM_CALL, &vector);
#endif
	return call == SYS_nanosleep || call == SYS_futex;
}

static struct thread *thread_of(pid_t id)
{
	for (int i = 0; i < thread_count; i++)
		if (threads[i].id == id)
			return &threads[i];
	if (thread_count == THREADS) {
		fprintf(stderr, "steps: more than %d threads\n", THREADS);
		exit(1);
	}
	threads[thread_count].id = id;
	return &threads[thread_count++];
}

static void count(unsigned long pc)
{
	unsigned long slot = (pc * 0x9e3779b97f4a7c15ul) >> 44;
	for (int probes = 0; probes < ADDRESSES; probes++, slot = (slot + 1) % ADDRESSES) {
		if (table[slot].count && table[slot].pc != pc)
			continue;
		table[slot].pc = pc;
		table[slot].count++;
		total++;
		return;
	}
	fprintf(stderr, "steps: more than %d addresses\n", ADDRESSES);
	exit(1);
}

static void mark(void)
{
	/* A write that a signal interrupts would lose what stdio had collected. */
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	printf("mark %lu\n", total);
	for (int i = 0; i < ADDRESSES; i++)
		if (table[i].count)
			printf("%lx %lu\n", table[i].pc, table[i].count);
	printf("end\n");
	fflush(stdout);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static int by_id(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void attach(int hold_monitor)
{
	char path[64];
	static pid_t ids[THREADS];
	int n = 0;
	snprintf(path, sizeof path, "/proc/%d/task", process);
	DIR *tasks = opendir(path);
	if (!tasks)
		die(path);
	for (struct dirent *entry; (entry = readdir(tasks)) && n < THREADS;)
		if (entry->d_name[0] != '.')
			ids[n++] = atoi(entry->d_name);
	closedir(tasks);
	qsort(ids, n, sizeof *ids, by_id);
	if (hold_monitor && n > 1)
		monitor = ids[1];
	for (int i = 0; i < n; i++) {
		if (ptrace(PTRACE_SEIZE, ids[i], 0, PTRACE_O_TRACECLONE) < 0)
			die("PTRACE_SEIZE");
		if (ptrace(PTRACE_INTERRUPT, ids[i], 0, 0) < 0)
			die("PTRACE_INTERRUPT");
	}
}

/* A stopped thread: count what it did, and send it on. */
static void advance(pid_t id, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (id == monitor) {
		if (event == PTRACE_EVENT_STOP && asleep(id))
			monitor_held = 1;
		else
			ptrace(PTRACE_CONT, id, 0, signal == SIGTRAP ? 0 : signal);
		return;
	}
	struct thread *t = thread_of(id);
	unsigned long pc = program_counter(id);
	if (wants_registers) {
		if (signal == SIGTRAP && event == 0 && t->pc)
			record(t->registers);
		read_registers(t);
	}
	/* A repeated string instruction stops at each repetition and stays where it is. */
	if (signal == SIGTRAP && event == 0 && t->pc != pc)
		count(t->pc);
	t->pc = pc;
	/* ESRCH: it was killed meanwhile, and says so itself. */
	if (ptrace(PTRACE_SINGLESTEP, id, 0, signal == SIGTRAP || event ? 0 : signal) < 0 && errno != ESRCH)
		die("PTRACE_SINGLESTEP");
}

/* Whether every thread but the monitor sleeps in a system call. */
static int all_asleep(void)
{
	for (int i = 0; i < thread_count; i++) {
		char path[64], state = 'S';
		snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, threads[i].id);
		FILE *stat = fopen(path, "r");
		if (!stat)
			continue; /* it has ended */
		if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			state = 'R';
		fclose(stat);
		if (state != 'S')
			return 0;
	}
	return 1;
}

static void tick(void)
{
	static unsigned long before;
	if (wants_registers && wants_mark && total == before && all_asleep()) {
		static const unsigned long nothing[REGISTERS];
		wants_mark = 0;
		record(nothing);
		write_records();
	}
	if (!monitor) {
		before = total;
		return;
	}
	if (total == before && monitor_held && all_asleep()) {
		monitor_held = 0;
		ptrace(PTRACE_CONT, monitor, 0, 0);
	} else if (total != before && !monitor_held) {
		ptrace(PTRACE_INTERRUPT, monitor, 0, 0);
	}
	before = total;
}

int main(int argc, char **argv)
{
	int hold_monitor = 0, wrong = argc < 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--hold-monitor") == 0)
			hold_monitor = 1;
		else if (strcmp(argv[i], "--registers") == 0)
			wants_registers = 1;
		else
			wrong = 1;
	}
	if (wrong) {
		fprintf(stderr, "usage: steps PID [--hold-monitor] [--registers]\n");
		return 2;
	}
#if !defined(__x86_64__)
	if (wants_registers) {
		fprintf(stderr, "steps: --registers is for x86-64 alone\n");
		return 2;
	}
#endif
	process = atoi(argv[1]);
	struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART: waitpid ends with EINTR */
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	attach(hold_monitor);
	struct itimerval every = {{0, TICK_US}, {0, TICK_US}};
	setitimer(ITIMER_REAL, &every, NULL);
	printf("ready\n");
	fflush(stdout);
	while (!wants_end) {
		int status;
		pid_t id = waitpid(-1, &status, __WALL);
		if (id < 0 && errno != EINTR)
			die("waitpid");
		if (id > 0 && WIFSTOPPED(status))
			advance(id, status);
		else if (id == process)
			return 0;
		if (ticked) {
			ticked = 0;
			tick();
		}
		if (wants_mark && !wants_registers) {
			wants_mark = 0;
			mark();
		}
	}
	kill(process, SIGKILL);
	return 0;
}
