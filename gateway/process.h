/*
 * process.h - what the kernel says of this process: memory and threads.  Linux.
 */
#ifndef TG_GATEWAY_PROCESS_H
#define TG_GATEWAY_PROCESS_H

#include <stdint.h>

#define PROCESS_THREADS_MAX 128

struct process_memory {
	int64_t resident_bytes;
	int64_t resident_max_bytes;	/* the most so far */
	int64_t virtual_bytes;		/* the ledger's tables are reserved in it whole */
	int64_t heap_bytes;		/* in use, of malloc */
	int64_t swapped_bytes;
};

struct process_thread {
	int32_t	 id;
	char	 name[16];
	int64_t	 cpu_ms;		/* since its start */
	char	 state;			/* 'R' running, 'S' waiting, 'D' waiting for a disk */
};

/* What cannot be read is 0. */
struct process_memory process_memory(void);

/* Fill threads[0..PROCESS_THREADS_MAX); returns how many. */
uint32_t process_threads(struct process_thread *threads);

#endif
