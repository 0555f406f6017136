/*
 * failing_calls.c - lets a program's k-th call of a kind fail: LD_PRELOAD this.
 *
 * The file named by FAILING_CONTROL in the environment is a struct control, mapped by the program
 * and by the test that makes it: the test arms a kind at any time, and reads how many calls there
 * have been since.  Calls on files count only below the folder named by FAILING_FOLDER, so that
 * logs, sockets and libraries are left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <libconfig.h>
#include <openssl/ssl.h>

#define SPIN_FAILURES 20000

/* In the order of KINDS in failing.py. */
enum kind {
	KIND_OPEN,	/* open() */
	KIND_READ,	/* pread() */
	KIND_WRITE,	/* pwrite() */
	KIND_SHORT,	/* pwrite(), of which half is done */
	KIND_SYNC,	/* fdatasync(), fsync() */
	KIND_RENAME,	/* rename(), unlink(), mkdir() */
	KIND_TRUNCATE,	/* ftruncate() */
	KIND_MMAP,	/* mmap() of whatever */
	KIND_MALLOC,	/* malloc(), calloc(), realloc() */
	KIND_SSL,	/* SSL_do_handshake(), SSL_read_ex(), SSL_write_ex() */
	KIND_COUNT,
};

/* What the test and the program share. */
struct control {
	_Atomic uint32_t armed;		/* 1 + kind; 0: none */
	uint32_t is_sticky;		/* all calls from the one that fails on */
	uint32_t error;			/* errno of calls that fail */
	uint32_t padding;
	uint64_t at;			/* which call fails, from 1 */
	_Atomic uint64_t calls;		/* of the kind, since it was armed */
	_Atomic uint64_t failures;	/* that were made */
};

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static struct control *control;
static const char *folder;
/* Within libconfig, which does not look whether it was given memory: it gets all it asks for. */
static _Thread_local int exempt __attribute__((tls_model("initial-exec")));

static void *
next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/* Tell in the log where it is. */
static void
tell_place(void)
{
	void *frames[40];

	backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
}

/* Tell in the log where it was; then end as it would have. */
static void
on_crash(int number)
{
	tell_place();
	signal(number, SIG_DFL);
	raise(number);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAILING_CONTROL");
	int (*find_secret)(unsigned char *, int);
	unsigned char byte;
	void *frame;
	int fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	long mapped;

	folder = getenv("FAILING_FOLDER");
	if (fd < 0)
		return;
	*(void **)&find_secret = dlsym(RTLD_DEFAULT, "RAND_priv_bytes");
	(void)backtrace(&frame, 1); /* loads what it needs, while there is memory */
	signal(SIGSEGV, on_crash);
	signal(SIGBUS, on_crash);
	mapped = syscall(SYS_mmap, NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0);
	close(fd);
	if (find_secret != NULL) /* what OpenSSL takes at its first use, it does not look whether */
		(void)find_secret(&byte, 1);
	if (mapped > 0)
		control = (struct control *)mapped; /* NOLINT: an address */
}

/* Is this call the one?  errno is set then. */
static bool
fails(enum kind kind)
{
	uint64_t call;

	if (control == NULL || exempt > 0 || atomic_load(&control->armed) != 1 + (uint32_t)kind)
		return false;
	call = 1 + atomic_fetch_add(&control->calls, 1);
	if (call < control->at || (call > control->at && control->is_sticky == 0))
		return false;
	if (atomic_fetch_add(&control->failures, 1) + 1 == SPIN_FAILURES)
		tell_place(); /* it asks again and again for what it does not get */
	errno = (int)control->error;
	return true;
}

static bool
is_inside(const char *path)
{
	return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

/* Is it a file of the folder?  Sockets and pipes are not; nor is the log. */
static bool
is_ours(int fd)
{
	char link[64], path[1024];
	ssize_t bytes;

	if (control == NULL || fd <= STDERR_FILENO)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes < 0)
		return false;
	path[bytes] = '\0';
	return is_inside(path);
}

int
open(const char *path, int flags, ...)
{
	int (*call)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open");
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
	va_end(arguments);
	if (is_inside(path) && fails(KIND_OPEN))
		return -1;
	return call(path, flags, mode);
}

ssize_t
pread(int fd, void *bytes, size_t count, off_t offset)
{
	ssize_t (*call)(int, void *, size_t, off_t) =
		(ssize_t(*)(int, void *, size_t, off_t))next("pread");

	if (is_ours(fd) && fails(KIND_READ))
		return -1;
	return call(fd, bytes, count, offset);
}

ssize_t
pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	ssize_t (*call)(int, const void *, size_t, off_t) =
		(ssize_t(*)(int, const void *, size_t, off_t))next("pwrite");

	if (!is_ours(fd))
		return call(fd, bytes, count, offset);
	if (fails(KIND_WRITE))
		return -1;
	if (count > 1 && fails(KIND_SHORT))
		count /= 2;
	return call(fd, bytes, count, offset);
}

int
fdatasync(int fd)
{
	int (*call)(int) = (int (*)(int))next("fdatasync");

	return is_ours(fd) && fails(KIND_SYNC) ? -1 : call(fd);
}

int
fsync(int fd)
{
	int (*call)(int) = (int (*)(int))next("fsync");

	return is_ours(fd) && fails(KIND_SYNC) ? -1 : call(fd);
}

int
rename(const char *from, const char *to)
{
	int (*call)(const char *, const char *) =
		(int (*)(const char *, const char *))next("rename");

	return is_inside(to) && fails(KIND_RENAME) ? -1 : call(from, to);
}

int
unlink(const char *path)
{
	int (*call)(const char *) = (int (*)(const char *))next("unlink");

	return is_inside(path) && fails(KIND_RENAME) ? -1 : call(path);
}

int
mkdir(const char *path, mode_t mode)
{
	int (*call)(const char *, mode_t) = (int (*)(const char *, mode_t))next("mkdir");

	return is_inside(path) && fails(KIND_RENAME) ? -1 : call(path, mode);
}

int
ftruncate(int fd, off_t bytes)
{
	int (*call)(int, off_t) = (int (*)(int, off_t))next("ftruncate");

	return is_ours(fd) && fails(KIND_TRUNCATE) ? -1 : call(fd, bytes);
}

void *
mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	void *(*call)(void *, size_t, int, int, int, off_t) =
		(void *(*)(void *, size_t, int, int, int, off_t))next("mmap");

	return fails(KIND_MMAP) ? MAP_FAILED : call(address, bytes, protection, flags, fd, offset);
}

void *
malloc(size_t bytes)
{
	return fails(KIND_MALLOC) ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t count, size_t bytes)
{
	return fails(KIND_MALLOC) ? NULL : __libc_calloc(count, bytes);
}

void *
realloc(void *old, size_t bytes)
{
	return fails(KIND_MALLOC) ? NULL : __libc_realloc(old, bytes);
}

void
config_init(config_t *config)
{
	void (*call)(config_t *) = (void (*)(config_t *))next("config_init");

	exempt++;
	call(config);
	exempt--;
}

int
config_read_file(config_t *config, const char *path)
{
	int (*call)(config_t *, const char *) =
		(int (*)(config_t *, const char *))next("config_read_file");
	int result;

	exempt++;
	result = call(config, path);
	exempt--;
	return result;
}

int
config_read_string(config_t *config, const char *text)
{
	int (*call)(config_t *, const char *) =
		(int (*)(config_t *, const char *))next("config_read_string");
	int result;

	exempt++;
	result = call(config, text);
	exempt--;
	return result;
}

int
SSL_do_handshake(SSL *ssl)
{
	int (*call)(SSL *) = (int (*)(SSL *))next("SSL_do_handshake");

	return fails(KIND_SSL) ? -1 : call(ssl);
}

int
SSL_read_ex(SSL *ssl, void *bytes, size_t count, size_t *ret_count)
{
	int (*call)(SSL *, void *, size_t, size_t *) =
		(int (*)(SSL *, void *, size_t, size_t *))next("SSL_read_ex");

	return fails(KIND_SSL) ? 0 : call(ssl, bytes, count, ret_count);
}

int
SSL_write_ex(SSL *ssl, const void *bytes, size_t count, size_t *ret_count)
{
	int (*call)(SSL *, const void *, size_t, size_t *) =
		(int (*)(SSL *, const void *, size_t, size_t *))next("SSL_write_ex");

	return fails(KIND_SSL) ? 0 : call(ssl, bytes, count, ret_count);
}
