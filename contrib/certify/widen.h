/*
 * widen.h - an answer written in another way that means the same, or with fields yet to come.
 *
 * What a client must read: integers and lengths in any width, and fields from 64 on that it does
 * not know.
 */
#ifndef TG_CONTRIB_CERTIFY_WIDEN_H
#define TG_CONTRIB_CERTIFY_WIDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIDEN_BYTES_MAX (64 * 1024)

/* A payload being rewritten. */
struct widened {
	size_t bytes;
	bool is_full;
	uint8_t base[WIDEN_BYTES_MAX];
};

/* The same with every integer in nine bytes and every length in five.  False: it is no frame. */
bool widen_integers(const uint8_t *payload, size_t bytes, struct widened *ret_widened);

/* The same with fields that no version has yet, of every type, behind the others. */
bool widen_fields(const uint8_t *payload, size_t bytes, struct widened *ret_widened);

#endif
