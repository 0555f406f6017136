/*
 * member.c - members made, identifiers linked, unlinked and replaced.
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

/* The record of a till's request, or of an operator's. */
static struct record *
begin(struct plan *p, enum record_kind kind)
{
	struct record *r = plan_begin(p, kind);

	if (p->partner != NULL)
		plan_add_request(p);
	else
		plan_add_operator(p);
	return r;
}

/*
 * May the new identifier lead to the member?  *ret_row: the row that it gets; TABLE_NONE: it does
 * already.
 */
static enum tg_status
check_new(struct plan *p, uint32_t *ret_row)
{
	const struct ledger *l = p->ledger;
	uint32_t row;

	if (p->request->new_identifier.type == 0) {
		p->decision->answer.field = TG_FIELD_NEW_IDENTIFIER;
		return TG_MISSING_FIELD;
	}
	row = find_identifier(l, &p->request->new_identifier);
	if (row != TABLE_NONE && ledger_identifier_row(l, row)->member_row != p->view.member_row)
		return TG_IDENTIFIER_TAKEN;
	*ret_row = row == TABLE_NONE ? table_free_peek(&l->identifiers, 0) : TABLE_NONE;
	if (row == TABLE_NONE && *ret_row == TABLE_NONE)
		return TG_IDENTIFIERS_FULL;
	if (ledger_member_row(l, p->view.member_row)->identifier_count == UINT8_MAX)
		return TG_IDENTIFIERS_FULL;
	return TG_OK;
}

enum tg_status
plan_link(struct plan *p)
{
	uint32_t row;
	enum tg_status status = check_new(p, &row);

	if (status != TG_OK)
		return status;
	begin(p, RECORD_LINK);
	if (row != TABLE_NONE)
		add_image(p, &p->request->new_identifier, row);
	return plan_finish(p);
}

/* At the console the identifier that names the member is the one. */
enum tg_status
plan_unlink(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct identifier_hash *identifier =
		p->partner != NULL ? &q->new_identifier : &q->identifier;
	uint32_t row = find_identifier(p->ledger, identifier);

	if (row == TABLE_NONE ||
	    ledger_identifier_row(p->ledger, row)->member_row != p->view.member_row)
		return TG_UNKNOWN_MEMBER;
	if (ledger_member_row(p->ledger, p->view.member_row)->identifier_count <= 1)
		return TG_LAST_IDENTIFIER;
	begin(p, RECORD_UNLINK);
	add_image(p, identifier, row);
	return plan_finish(p);
}

/*
 * The lost one stays the member's, so that who finds it is refused and nobody else gets it; what is
 * refunded or captured with it goes on, as with any blocked one.
 */
enum tg_status
plan_replace(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct record *r;
	uint32_t row;
	enum tg_status status = check_new(p, &row);

	if (status != TG_OK)
		return status;
	/* By reference it is not said which; and one does not replace itself. */
	if (q->member != 0 || memcmp(q->identifier.hash, q->new_identifier.hash, 16) == 0) {
		p->decision->answer.field = TG_FIELD_IDENTIFIER;
		return TG_BAD_FIELD;
	}
	r = begin(p, RECORD_REPLACE);
	r->sections |= RECORD_HAS_BIT(BLOCK);
	r->block_target = BLOCK_IDENTIFIER;
	r->is_blocked = 1;
	r->blocked_row = p->identifier_row;
	if (row != TABLE_NONE)
		add_image(p, &q->new_identifier, row);
	return plan_finish(p);
}
