/*
 * slow_sync.c - makes fsync() and fdatasync() of a program take longer: LD_PRELOAD this, and name
 * the time to add in the environment, SLOW_SYNC_US.
 *
 * A virtual disk often answers at once; a real one, or one that is replicated, takes milliseconds.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
wait_a_while(void)
{
	const char *text = getenv("SLOW_SYNC_US");
	long us = text != NULL ? strtol(text, NULL, 10) : 0;
	struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

int
fsync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	wait_a_while();
	return next(fd);
}

int
fdatasync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	wait_a_while();
	return next(fd);
}
