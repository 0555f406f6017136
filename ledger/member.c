/*
 * member.c - members made, identifiers linked and unlinked.
 */
#include "ledger/plan.h"

#include <string.h>

/* The row of an identifier under its newer or its older key. */
static uint32_t
find_identifier(const struct ledger *l, const struct identifier_hash *identifier)
{
	uint32_t row = state_find_identifier(l, identifier->hash);

	if (row == TABLE_NONE && identifier->key_old != 0)
		row = state_find_identifier(l, identifier->hash_old);
	return row;
}

static void
add_image(struct plan *p, const struct identifier_hash *identifier, uint32_t row)
{
	struct record *r = p->record;
	struct identifier_image *image = &r->identifiers[r->identifier_count++];

	r->sections |= RECORD_HAS_BIT(IDENTIFIERS);
	image->row = row;
	image->type = identifier->type;
	image->key = identifier->key;
	memcpy(image->hash, identifier->hash, sizeof(image->hash));
}

enum tg_status
plan_enroll(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct ledger *l = p->ledger;
	uint32_t wanted = q->new_identifier.type != 0 ? 2 : 1;
	uint32_t member = table_free_peek(&l->members, 0);
	struct record *r;

	if (q->identifier.type == 0) {
		p->decision->answer.field = TG_FIELD_IDENTIFIER;
		return TG_MISSING_FIELD;
	}
	if (find_identifier(l, &q->identifier) != TABLE_NONE ||
	    (wanted == 2 && find_identifier(l, &q->new_identifier) != TABLE_NONE))
		return TG_IDENTIFIER_TAKEN;
	if (wanted == 2 &&
	    memcmp(q->identifier.hash, q->new_identifier.hash, sizeof(q->identifier.hash)) == 0)
		return TG_IDENTIFIER_TAKEN;
	if (member == TABLE_NONE)
		return TG_MEMBERS_FULL;
	if (table_free_count(&l->identifiers) < wanted)
		return TG_IDENTIFIERS_FULL;
	r = plan_begin(p, RECORD_ENROLL);
	plan_add_request(p);
	r->sections |= RECORD_HAS_BIT(MEMBER) | RECORD_HAS_BIT(AFTER);
	r->member = state_member_reference(l, member);
	r->available_points = 0;
	r->regular_points = 0;
	r->next_expiry_day = INT32_MAX;
	r->next_expiry_points = 0;
	add_image(p, &q->identifier, table_free_peek(&l->identifiers, 0));
	if (wanted == 2)
		add_image(p, &q->new_identifier, table_free_peek(&l->identifiers, 1));
	return plan_finish(p);
}

enum tg_status
plan_link(struct plan *p)
{
	const struct ledger_request *q = p->request;
	uint32_t row = find_identifier(p->ledger, &q->new_identifier);
	uint32_t free_row = table_free_peek(&p->ledger->identifiers, 0);

	if (row != TABLE_NONE &&
	    ledger_identifier_row(p->ledger, row)->member_row != p->view.member_row)
		return TG_IDENTIFIER_TAKEN;
	if (row == TABLE_NONE && free_row == TABLE_NONE)
		return TG_IDENTIFIERS_FULL;
	if (ledger_member_row(p->ledger, p->view.member_row)->identifier_count == UINT8_MAX)
		return TG_IDENTIFIERS_FULL;
	plan_begin(p, RECORD_LINK);
	plan_add_request(p);
	if (row == TABLE_NONE)
		add_image(p, &q->new_identifier, free_row);
	return plan_finish(p);
}

enum tg_status
plan_unlink(struct plan *p)
{
	const struct ledger_request *q = p->request;
	uint32_t row = find_identifier(p->ledger, &q->new_identifier);

	if (row == TABLE_NONE ||
	    ledger_identifier_row(p->ledger, row)->member_row != p->view.member_row)
		return TG_UNKNOWN_MEMBER;
	if (ledger_member_row(p->ledger, p->view.member_row)->identifier_count <= 1)
		return TG_LAST_IDENTIFIER;
	plan_begin(p, RECORD_UNLINK);
	plan_add_request(p);
	add_image(p, &q->new_identifier, row);
	return plan_finish(p);
}
