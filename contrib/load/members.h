/*
 * members.h - the members that the load plays with, as far as a till knows them.
 *
 * Owns identifiers and what the gateway's answers told last.  A member is named by its index,
 * dense from 0.
 */
#ifndef TG_CONTRIB_LOAD_MEMBERS_H
#define TG_CONTRIB_LOAD_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/value.h"

#define IDENTIFIER_TYPE_CARD 1

struct member {
	size_t	text_at;	  /* identifier, in members.texts */
	int64_t reference;	  /* member reference; 0: not told yet */
	int64_t available_points; /* as told last; -1: not told yet */
	uint8_t text_bytes;	  /* length of the identifier */
	uint8_t type;		  /* of the identifier */
	bool	is_enrolled;	  /* the gateway knows it */
};

/* All zero is an empty one. */
struct members {
	struct member *items; /* owned */
	uint32_t       count;
	uint32_t       capacity;
	char	      *texts; /* owned: all identifiers, one after the other */
	size_t	       texts_bytes;
	size_t	       texts_capacity;
};

void members_deinit(struct members *members);

/* Add a member.  text: 1 to TG_IDENTIFIER_BYTES_MAX bytes, copied.  Returns its index. */
uint32_t members_add(struct members *members, uint8_t type, const char *text, size_t bytes);

/* Add a member with a card whose number has so many digits at least. */
uint32_t members_add_card(struct members *members, const char *prefix, uint64_t number, int digits);

/* The identifier; not ended by NUL. */
const char *members_text(const struct members *members, uint32_t index);

/* Set the fields that name the member; by reference only if it is known. */
void members_name(const struct members *members, uint32_t index, bool by_reference,
		  struct tg_message *message);

/* Remember what an answer tells of the member. */
void members_learn(struct members *members, uint32_t index, const struct tg_message *answer);

#endif
