/*
 * reserve.h - address space taken at start-up, memory only as it is touched.
 *
 * Owns nothing; the one place of this folder that talks to the kernel.
 */
#ifndef TG_LEDGER_RESERVE_H
#define TG_LEDGER_RESERVE_H

#include <stddef.h>

/*
 * Reserve zeroed address space; huge pages are asked for where it is large enough.
 * Caller owns it and gives it back with reserve_free().  NULL: the kernel refused.
 */
void *reserve_new(size_t bytes);

/* Give all of a reservation back.  NULL is allowed; bytes as given to reserve_new(). */
void reserve_free(void *base, size_t bytes);

/* Make all of a reservation zero again and return its pages to the kernel. */
void reserve_clear(void *base, size_t bytes);

#endif
