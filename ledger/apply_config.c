/*
 * apply_config.c - configuration rows and members as records set them.
 */
#include <string.h>

#include "ledger/apply.h"

/* The named row, claimed if it is free; *ret_is_new says which. */
static void *
claim_or_edit(struct table *table, uint32_t row, bool *ret_is_new)
{
	*ret_is_new = !table_is_live(table, row);
	return *ret_is_new ? table_claim(table, row) : table_edit(table, row);
}

static void
set_partner(struct ledger *l, const struct record *r)
{
	bool is_new;
	struct partner_row *row = claim_or_edit(&l->partners, r->config_row, &is_new);

	row->key = r->partner_image.number;
	row->config = r->partner_image;
	if (is_new)
		index_insert(&l->partners_by_number, state_hash_u64(row->key), r->config_row);
}

static void
add_rule(struct ledger *l, const struct record *r)
{
	struct rule_row *row = table_claim(&l->rules, r->config_row);
	struct partner_row *partner =
		table_edit(&l->partners, state_find_partner(l, r->rule.partner));

	row->key = (uint64_t)r->rule.partner << 32 | r->rule.version;
	row->valid_from_utc_ms = r->booked_at_utc_ms;
	row->config = r->rule;
	row->older_rule = partner->newest_rule;
	partner->newest_rule = r->config_row;
	index_insert(&l->rules_by_key, state_hash_u64(row->key), r->config_row);
}

static void
set_store(struct ledger *l, const struct record *r)
{
	bool is_new;
	struct store_row *row = claim_or_edit(&l->stores, r->config_row, &is_new);

	row->key = r->store_image.number;
	row->config = r->store_image;
	if (is_new)
		index_insert(&l->stores_by_number, state_hash_u64(row->key), r->config_row);
}

static void
set_terminal(struct ledger *l, const struct record *r)
{
	bool is_new;
	struct terminal_row *row = claim_or_edit(&l->terminals, r->config_row, &is_new);

	row->key = r->terminal_image.number;
	row->config = r->terminal_image;
	if (is_new)
		index_insert(&l->terminals_by_number, state_hash_u64(row->key), r->config_row);
}

static void
set_activation(struct ledger *l, const struct record *r)
{
	bool is_new;
	struct activation_row *row = claim_or_edit(&l->activations, r->activation_row, &is_new);

	row->key = r->activation.terminal;
	row->activation = r->activation;
	if (is_new)
		index_insert(&l->activations_by_terminal, state_hash_u64(row->key),
			     r->activation_row);
}

static void
set_funding(struct ledger *l, const struct record *r)
{
	const uint32_t partner_row = state_find_partner(l, r->funding.partner);
	bool is_new;
	struct funding_row *row = claim_or_edit(&l->fundings, r->config_row, &is_new);
	struct partner_row *partner;

	row->key = r->funding.partner;
	row->config = r->funding;
	row->stopped_utc_ms = 0;
	if (is_new) {
		partner = table_edit(&l->partners, partner_row);
		partner->funding = r->config_row;
	}
}

/* The blocks of a partner are chained as they were bought. */
static void
append_cover(struct ledger *l, struct funding_row *funding, uint32_t row)
{
	uint32_t at = funding->oldest_cover;

	if (at == TABLE_NONE) {
		funding->oldest_cover = row;
		return;
	}
	while (ledger_cover_row(l, at)->next != TABLE_NONE)
		at = ledger_cover_row(l, at)->next;
	((struct cover_row *)table_edit(&l->covers, at))->next = row;
}

/* Cover was added or given back: the partner is not known to be stopped any more. */
static void
add_funds(struct ledger *l, const struct record *r)
{
	const uint32_t partner = state_find_partner(l, r->funded_partner);
	struct funding_row *funding =
		table_edit(&l->fundings, ledger_partner_row(l, partner)->funding);
	struct cover_row *cover;

	if (r->kind != RECORD_FUND)
		return;
	funding->stopped_utc_ms = 0;
	if (r->cover_row == TABLE_NONE)
		return;
	cover = table_claim(&l->covers, r->cover_row);
	cover->sequence = r->sequence;
	cover->bought_points = r->funded_points;
	cover->price_micro = r->funded_price_micro;
	cover->bought_day = r->business_date;
	cover->partner = r->funded_partner;
	append_cover(l, funding, r->cover_row);
}

void
apply_config(struct ledger *l, const struct record *r)
{
	if (RECORD_HAS(r, PROGRAMME)) {
		struct state_row *state = table_edit(&l->state, STATE_ROW);

		state->programme = r->programme;
		state->window_floor_utc_ms = r->window_floor_utc_ms;
	}
	if (RECORD_HAS(r, PARTNER))
		set_partner(l, r);
	if (RECORD_HAS(r, RULE))
		add_rule(l, r);
	if (RECORD_HAS(r, STORE))
		set_store(l, r);
	if (RECORD_HAS(r, TERMINAL))
		set_terminal(l, r);
	if (RECORD_HAS(r, ACTIVATION))
		set_activation(l, r);
	if (RECORD_HAS(r, FUNDING))
		set_funding(l, r);
	if (RECORD_HAS(r, FUNDED))
		add_funds(l, r);
}

static void
add_identifier(struct ledger *l, uint32_t member, const struct identifier_image *image,
	       uint16_t flags)
{
	struct identifier_row *row = table_claim(&l->identifiers, image->row);

	memcpy(row->hash, image->hash, sizeof(row->hash));
	row->member_row = member;
	row->type = image->type;
	row->key = image->key;
	row->flags = flags;
	index_insert(&l->identifiers_by_hash, state_hash_16(row->hash), image->row);
}

static void
drop_identifier(struct ledger *l, uint32_t row)
{
	index_remove(&l->identifiers_by_hash, state_hash_16(ledger_identifier_row(l, row)->hash),
		     row);
	table_release(&l->identifiers, row);
}

static void
apply_identifiers(struct ledger *l, const struct record *r)
{
	uint32_t member = (uint32_t)r->member;
	struct member_row *row = table_edit(&l->members, member);

	for (uint32_t i = 0; i < r->identifier_count; i++) {
		const struct identifier_image *image = &r->identifiers[i];

		if (r->kind == RECORD_UNLINK) {
			drop_identifier(l, image->row);
			row->identifier_count--;
		} else if (r->kind == RECORD_RELINK) {
			const uint16_t flags = ledger_identifier_row(l, image->row)->flags;

			drop_identifier(l, image->row);
			add_identifier(l, member, image, flags);
		} else {
			add_identifier(l, member, image, 0);
			row->identifier_count++;
		}
	}
}

static void
apply_block(struct ledger *l, const struct record *r)
{
	struct identifier_row *identifier;
	struct member_row *member;

	if (r->block_target == BLOCK_IDENTIFIER) {
		identifier = table_edit(&l->identifiers, r->blocked_row);
		identifier->flags = r->is_blocked != 0 ? IDENTIFIER_BLOCKED : 0;
		return;
	}
	member = table_edit(&l->members, (uint32_t)r->member);
	member->flags = (uint16_t)((member->flags & ~MEMBER_BLOCKED) |
				   (r->is_blocked != 0 ? MEMBER_BLOCKED : 0));
}

void
apply_member(struct ledger *l, const struct record *r)
{
	if (!RECORD_HAS(r, MEMBER) || !record_is_done(r))
		return;
	if (r->kind == RECORD_ENROLL) {
		struct member_row *row = table_claim(&l->members, (uint32_t)r->member);

		row->key = r->member;
		row->flags = (r->flags & RECORD_TEST) != 0 ? MEMBER_TEST : 0;
		row->counters_day = r->business_date;
	}
	if (RECORD_HAS(r, REGULAR_DAY)) {
		struct member_row *row = table_edit(&l->members, (uint32_t)r->member);

		row->regular_last_day = r->regular_last_day;
	}
	if (RECORD_HAS(r, LIFE)) {
		struct member_row *row = table_edit(&l->members, (uint32_t)r->member);

		row->regular_life = r->regular_life;
	}
	if (RECORD_HAS(r, IDENTIFIERS))
		apply_identifiers(l, r);
	if (RECORD_HAS(r, BLOCK))
		apply_block(l, r);
}

void
apply_birthday(struct ledger *l, const struct record *r)
{
	struct member_row *member;

	if (!RECORD_HAS(r, BIRTHDAY))
		return;
	member = table_edit(&l->members, (uint32_t)r->member);
	member->flags = (uint16_t)((member->flags & ((1u << MEMBER_BIRTHDAY_SHIFT) - 1)) |
				   (uint32_t)r->birthday << MEMBER_BIRTHDAY_SHIFT);
}
