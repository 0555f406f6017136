/*
 * config_noun.h - partners, rules, stores, terminals and cycles alike: their fields, and where the
 * ledger keeps and takes them.
 */
#ifndef TG_ADMIN_CONFIG_NOUN_H
#define TG_ADMIN_CONFIG_NOUN_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/field.h"
#include "ledger/ledger.h"
#include "ledger/request.h"

/* The configuration row of any noun. */
union config_image {
	struct partner_config partner;
	struct rule_config rule;
	struct funding_config funding;
	struct store_config store;
	struct terminal_config terminal;
	struct cycle_config cycle;
};

/* Static memory. */
struct config_noun {
	const struct field_set *fields;
	uint8_t	 request_kind;		/* that sets a row */
	size_t	 request_offset;	/* of the image in struct ledger_request */
	bool	 is_added_to;		/* rules: setting one adds a version, never changes a row */
	/*
	 * The row with that key now; a rule: the partner's newest.  NULL: none.  Ledger's thread.
	 */
	const void *(*find)(const struct ledger *ledger, uint32_t key);
	/*
	 * The nth row, from 0; a rule: the newest of the nth partner, NULL when it has none.  Past
	 * the last one NULL, and *ret_is_over.  Ledger's thread.
	 */
	const void *(*at)(const struct ledger *ledger, uint32_t nth, bool *ret_is_over);
};

extern const struct config_noun partner_noun;
extern const struct config_noun rule_noun;
extern const struct config_noun funding_noun; /* a partner's terms; set whole, with a version */
extern const struct config_noun store_noun;
extern const struct config_noun terminal_noun;
extern const struct config_noun cycle_noun;

/* The key of an image: number, or a rule's partner. */
uint32_t config_noun_key(const struct config_noun *noun, const union config_image *image);

/* Put the image into a request of the noun's kind. */
void config_noun_fill(const struct config_noun *noun, const union config_image *image,
		      struct ledger_request *request);

/* Do two images say the same in all fields? */
bool config_noun_is_same(const struct config_noun *noun, const union config_image *one,
			 const union config_image *other);

#endif
