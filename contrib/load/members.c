/*
 * members.c - the members that the load plays with.
 */
#include "contrib/load/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

void
members_deinit(struct members *members)
{
	free(members->items);
	free(members->texts);
	memset(members, 0, sizeof(*members));
}

uint32_t
members_add(struct members *members, uint8_t type, const char *text, size_t bytes)
{
	struct member *member;

	TG_ASSERT(bytes >= 1 && bytes <= TG_IDENTIFIER_BYTES_MAX && members->count < UINT32_MAX);
	if (members->count == members->capacity) {
		members->capacity = members->capacity > 0 ? members->capacity * 2 : 1024;
		members->items =
			reallocarray(members->items, members->capacity, sizeof(*members->items));
		TG_ASSERT(members->items != NULL);
	}
	if (members->texts_bytes + bytes > members->texts_capacity) {
		members->texts_capacity = members->texts_capacity * 2 + 65536;
		members->texts = realloc(members->texts, members->texts_capacity);
		TG_ASSERT(members->texts != NULL);
	}
	member = &members->items[members->count];
	memset(member, 0, sizeof(*member));
	member->text_at = members->texts_bytes;
	member->text_bytes = (uint8_t)bytes;
	member->type = type;
	member->available_points = -1;
	memcpy(members->texts + members->texts_bytes, text, bytes);
	members->texts_bytes += bytes;
	return members->count++;
}

uint32_t
members_add_card(struct members *members, const char *prefix, uint64_t number, int digits)
{
	char text[TG_IDENTIFIER_BYTES_MAX + 1];
	int bytes = snprintf(text, sizeof(text), "%s%0*llu", prefix, digits,
			     (unsigned long long)number);

	TG_ASSERT(bytes > 0 && (size_t)bytes < sizeof(text));
	return members_add(members, IDENTIFIER_TYPE_CARD, text, (size_t)bytes);
}

const char *
members_text(const struct members *members, uint32_t index)
{
	TG_ASSERT(index < members->count);
	return members->texts + members->items[index].text_at;
}

void
members_name(const struct members *members, uint32_t index, bool by_reference,
	     struct tg_message *message)
{
	const struct member *member = &members->items[index];

	if (by_reference) {
		TG_ASSERT(member->reference != 0);
		tg_message_set_integer(message, TG_FIELD_MEMBER, member->reference);
		return;
	}
	tg_message_set_integer(message, TG_FIELD_IDENTIFIER_TYPE, member->type);
	tg_message_set_bytes(message, TG_FIELD_IDENTIFIER, members_text(members, index),
			     member->text_bytes);
}

void
members_learn(struct members *members, uint32_t index, const struct tg_message *answer)
{
	struct member *member = &members->items[index];

	member->reference = tg_message_integer(answer, TG_FIELD_MEMBER, member->reference);
	member->available_points =
		tg_message_integer(answer, TG_FIELD_AVAILABLE, member->available_points);
	if (answer->code == TG_OK || answer->code == TG_IDENTIFIER_TAKEN)
		member->is_enrolled = true;
}
