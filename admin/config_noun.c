/*
 * config_noun.c - a row for each noun.
 */
#include "admin/config_noun.h"

#include <string.h>

static const void *
find_partner(const struct ledger *ledger, uint32_t key)
{
	return ledger_partner_find(ledger, key);
}

static const void *
find_rule(const struct ledger *ledger, uint32_t key)
{
	return ledger_rule_newest(ledger, key);
}

static const void *
find_funding(const struct ledger *ledger, uint32_t key)
{
	return ledger_funding_find(ledger, key);
}

static const void *
find_store(const struct ledger *ledger, uint32_t key)
{
	return ledger_store_find(ledger, key);
}

static const void *
find_terminal(const struct ledger *ledger, uint32_t key)
{
	return ledger_terminal_find(ledger, key);
}

static const void *
find_cycle(const struct ledger *ledger, uint32_t key)
{
	return ledger_cycle_find(ledger, key, NULL);
}

static const void *
partner_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const void *image = ledger_partner_at(ledger, nth);

	*ret_is_over = image == NULL;
	return image;
}

static const void *
rule_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const struct partner_config *partner = ledger_partner_at(ledger, nth);

	*ret_is_over = partner == NULL;
	return partner != NULL ? ledger_rule_newest(ledger, partner->number) : NULL;
}

static const void *
funding_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const struct partner_config *partner = ledger_partner_at(ledger, nth);

	*ret_is_over = partner == NULL;
	return partner != NULL ? ledger_funding_find(ledger, partner->number) : NULL;
}

static const void *
store_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const void *image = ledger_store_at(ledger, nth);

	*ret_is_over = image == NULL;
	return image;
}

static const void *
terminal_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const void *image = ledger_terminal_at(ledger, nth);

	*ret_is_over = image == NULL;
	return image;
}

static const void *
cycle_at(const struct ledger *ledger, uint32_t nth, bool *ret_is_over)
{
	const void *image = ledger_cycle_at(ledger, nth, NULL);

	*ret_is_over = image == NULL;
	return image;
}

#define IMAGE_AT(member) offsetof(struct ledger_request, member)

const struct config_noun partner_noun = { &partner_field_set, REQUEST_SET_PARTNER,
					  IMAGE_AT(partner_image), false, find_partner,
					  partner_at };
const struct config_noun rule_noun = { &rule_field_set, REQUEST_ADD_RULE, IMAGE_AT(rule), true,
				       find_rule, rule_at };
const struct config_noun funding_noun = { &funding_field_set, REQUEST_SET_FUNDING,
					  IMAGE_AT(funding), true, find_funding, funding_at };
const struct config_noun store_noun = { &store_field_set, REQUEST_SET_STORE, IMAGE_AT(store_image),
					false, find_store, store_at };
const struct config_noun terminal_noun = { &terminal_field_set, REQUEST_SET_TERMINAL,
					   IMAGE_AT(terminal_image), false, find_terminal,
					   terminal_at };
const struct config_noun cycle_noun = { &cycle_field_set, REQUEST_SET_CYCLE, IMAGE_AT(cycle_image),
					false, find_cycle, cycle_at };

uint32_t
config_noun_key(const struct config_noun *noun, const union config_image *image)
{
	uint32_t key;

	memcpy(&key, (const uint8_t *)image + noun->fields->fields[0].offset, sizeof(key));
	return key;
}

void
config_noun_fill(const struct config_noun *noun, const union config_image *image,
		 struct ledger_request *request)
{
	request->kind = noun->request_kind;
	memcpy((uint8_t *)request + noun->request_offset, image, noun->fields->image_bytes);
}

bool
config_noun_is_same(const struct config_noun *noun, const union config_image *one,
		    const union config_image *other)
{
	char texts[2][FIELD_TEXT_BYTES];

	for (uint32_t i = 0; i < noun->fields->count; i++) {
		field_format(&noun->fields->fields[i], one, texts[0]);
		field_format(&noun->fields->fields[i], other, texts[1]);
		if (strcmp(texts[0], texts[1]) != 0)
			return false;
	}
	return true;
}
