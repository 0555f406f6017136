/*
 * assert.h - TG_ASSERT: stop at a bug of ours.
 *
 * For arguments, invariants and results, never for input, which is refused with a status.  It stays
 * on in the shipped build; its condition has no side effects.
 */
#ifndef TG_PROTOCOL_ASSERT_H
#define TG_PROTOCOL_ASSERT_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Sizes and table lengths, checked at compile time: static_assert(condition, "text"). */

/* Name the broken condition on standard error and abort.  Does not return. */
static inline _Noreturn void
tg_assert_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "event=bug file=%s line=%d condition=\"%s\"\n", file, line, condition);
	abort();
}

/* Abort the process when the condition is false. */
#define TG_ASSERT(condition)                                                                       \
	(__builtin_expect(!!(condition), 1) ? (void)0 :                                            \
	    tg_assert_fail(#condition, __FILE__, __LINE__))

#endif
