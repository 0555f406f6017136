/*
 * reserve.c - address space by anonymous mappings.
 *
 * Swap is not set aside (MAP_NORESERVE): the configured maxima may be far above what is ever used.
 */
#include "ledger/reserve.h"

#include <sys/mman.h>

#include "protocol/assert.h"

/* Below this size huge pages cannot help. */
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

void *
reserve_new(size_t bytes)
{
	void *base;

	TG_ASSERT(bytes > 0);
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	/* Advice only: a kernel without huge pages gives the same bytes, more slowly. */
	if (bytes >= HUGE_PAGE_BYTES)
		(void)madvise(base, bytes, MADV_HUGEPAGE);
	return base;
}

void
reserve_free(void *base, size_t bytes)
{
	int failed;

	if (base == NULL)
		return;
	failed = munmap(base, bytes);
	TG_ASSERT(!failed);
}

void
reserve_clear(void *base, size_t bytes)
{
	/* Private anonymous pages read as zero after this; it fails only for locked memory. */
	int failed = madvise(base, bytes, MADV_DONTNEED);

	TG_ASSERT(!failed);
}
