/*
 * activate.c - a terminal's one-time code: made by an operator, used by a till.
 *
 * The ledger has the code's hash only, and of the key that the code gives only the generation: who
 * knows the code gets the key from the gateway, once this record is durable.  The till that used
 * it may ask again as long as the code lives, for its answer may have been lost; nobody else may.
 */
#include <string.h>

#include "ledger/plan.h"

bool
plan_add_activation(struct plan *p, const struct activation *activation)
{
	struct record *r = p->record;
	uint32_t row = state_find_activation(p->ledger, r->terminal_image.number);

	if (row == TABLE_NONE)
		row = table_free_peek(&p->ledger->activations, 0);
	if (row == TABLE_NONE)
		return false;
	r->sections |= RECORD_HAS_BIT(ACTIVATION);
	r->activation_row = row;
	r->activation = *activation;
	r->activation.terminal = r->terminal_image.number;
	return true;
}

/* Does the request have the code of the terminal it names?  Then who asks is known. */
static const struct activation *
find_code(struct plan *p)
{
	const struct ledger_request *q = p->request;
	uint32_t row = state_find_activation(p->ledger, q->principal);
	uint32_t terminal = state_find_terminal(p->ledger, q->principal);
	const struct activation *activation;

	if (row == TABLE_NONE || terminal == TABLE_NONE)
		return NULL;
	activation = &ledger_activation_row(p->ledger, row)->activation;
	if (state_is_zero16(activation->code_hash) ||
	    memcmp(activation->code_hash, q->activation.code_hash,
		   sizeof(activation->code_hash)) != 0)
		return NULL;
	p->terminal = ledger_terminal_row(p->ledger, terminal);
	p->partner =
	    &ledger_partner_row(p->ledger,
				state_find_partner(p->ledger, p->terminal->config.partner))
		 ->config;
	return activation;
}

/* May the code still give its key, to this till? */
static enum tg_status
check_code(const struct plan *p, const struct activation *activation)
{
	const struct terminal_config *c = &p->terminal->config;

	if ((c->flags & TERMINAL_BLOCKED) != 0 || (p->partner->flags & PARTNER_BLOCKED) != 0)
		return TG_BLOCKED;
	if (p->now->utc_ms >= activation->expires_utc_ms)
		return TG_TOO_OLD;
	if (activation->is_used &&
	    (memcmp(activation->nonce, p->request->activation.nonce, sizeof(activation->nonce)) !=
		 0 ||
	     c->key_generation != activation->key_generation))
		return TG_CONFLICT;
	/* The key was changed by other means meanwhile: the code would bring back an older one. */
	return activation->key_generation < c->key_generation ? TG_CONFLICT : TG_OK;
}

/* The terminal has the key of the code's generation, and no older one besides. */
static enum tg_status
use_code(struct plan *p, const struct activation *activation)
{
	const struct terminal_config *c = &p->terminal->config;
	struct activation used = *activation;
	struct record *r = plan_begin(p, RECORD_TERMINAL);

	used.is_used = 1;
	memcpy(used.nonce, p->request->activation.nonce, sizeof(used.nonce));
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(TERMINAL);
	r->partner = c->partner;
	r->store = c->store;
	r->terminal = c->number;
	r->config_row = state_find_terminal(p->ledger, c->number);
	r->terminal_image = *c;
	r->terminal_image.key_generation = used.key_generation;
	r->terminal_image.key_generation_old = 0;
	r->terminal_image.old_key_until_utc_ms = 0;
	return plan_add_activation(p, &used) ? plan_finish(p) : TG_TABLE_FULL;
}

enum tg_status
plan_activate(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct activation *activation = find_code(p);
	enum tg_status status =
	    activation != NULL ? check_code(p, activation) : TG_AUTH_FAILED;

	if (status != TG_OK)
		return status;
	a->partner = p->terminal->config.partner;
	a->store = p->terminal->config.store;
	a->rights = p->terminal->config.rights;
	a->key_generation = activation->key_generation;
	if (activation->is_used) {
		a->is_replay = true;
		return TG_OK;
	}
	return use_code(p, activation);
}
