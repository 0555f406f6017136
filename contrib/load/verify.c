/*
 * verify.c - proves that the gateway holds what a log says was acknowledged.
 */
#include "contrib/load/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contrib/load/asker.h"
#include "contrib/load/findings.h"
#include "contrib/load/logbook.h"
#include "contrib/load/model.h"
#include "protocol/assert.h"

#define HOUR_MS INT64_C(3600000)
#define ASKING_DEPTH 16	    /* questions in flight on a connection */
#define CLOCK_SLACK_MS 2000 /* between the gateway's clock and our idea of it */

/* A proof under way. */
struct proof {
	struct stage *stage;
	struct logbook logbook;
	struct asker asker;
	struct model_rules rules;
	struct model model;
	struct findings findings;
	struct model_account *accounts; /* owned; by account */
	const char *path;		/* of the log */
};

/* The model found a difference. */
static void
on_difference(void *context, uint32_t account, const struct transaction *transaction,
	      const char *text)
{
	struct proof *proof = context;

	findings_add(&proof->findings, proof->logbook.accounts, account, transaction, text);
}

static int
compare_sequences(const void *left, const void *right, void *context)
{
	const struct transaction *transactions = context;
	const struct transaction *a = &transactions[*(const uint32_t *)left];
	const struct transaction *b = &transactions[*(const uint32_t *)right];

	if (a->outcome.sequence != b->outcome.sequence)
		return a->outcome.sequence < b->outcome.sequence ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Play all transactions with an outcome in the order of their records. */
static void
play_all(struct proof *proof)
{
	struct logbook *logbook = &proof->logbook;
	uint32_t *order = calloc((size_t)logbook->count + 1, sizeof(*order));
	int64_t sequence = -1;
	uint32_t count = 0;

	TG_ASSERT(order != NULL);
	for (uint32_t i = 0; i < logbook->count; i++) {
		const struct transaction *transaction = &logbook->transactions[i];

		if (transaction->certainty == CERTAIN_ACKNOWLEDGED ||
		    transaction->certainty == CERTAIN_FOUND)
			order[count++] = i;
		if (transaction->certainty == CERTAIN_FOUND ||
		    transaction->certainty == CERTAIN_ABSENT ||
		    transaction->certainty == CERTAIN_UNKNOWN)
			model_bound(&proof->model, &proof->accounts[transaction->account],
				    transaction);
	}
	qsort_r(order, count, sizeof(*order), compare_sequences, logbook->transactions);
	for (uint32_t i = 0; i < count; i++) {
		struct transaction *transaction = &logbook->transactions[order[i]];

		if (logbook_has_record(transaction) && transaction->outcome.sequence > 0) {
			if (transaction->outcome.sequence == sequence)
				on_difference(proof, transaction->account, transaction,
					      "shares its record with another transaction");
			sequence = transaction->outcome.sequence;
		}
		model_play(&proof->model, &proof->accounts[transaction->account], transaction);
	}
	free(order);
}

/* Does the account stand as INQUIRY told? */
static bool
is_equal(const struct model_account *account, const struct inquiry *inquiry)
{
	if (account->is_blurred)
		return account->available + account->pending + account->held - account->debt >=
		       inquiry->available + inquiry->pending + inquiry->held - inquiry->debt;
	return account->available == inquiry->available && account->held == inquiry->held &&
	       account->debt == inquiry->debt && inquiry->pending == 0;
}

/* Judge one account by what INQUIRY told of it. */
static void
judge_account(struct proof *proof, uint32_t index)
{
	struct model_account *account = &proof->accounts[index];
	const struct inquiry *inquiry = &proof->asker.inquiries[index];
	int64_t found = inquiry->available + inquiry->pending + inquiry->held - inquiry->debt;
	char text[200];

	if (!inquiry->is_answered ||
	    (inquiry->status != TG_OK && inquiry->status != TG_UNKNOWN_MEMBER)) {
		on_difference(proof, index, NULL, "INQUIRY was not answered");
		return;
	}
	model_settle(&proof->model, account, inquiry->at_ms - CLOCK_SLACK_MS);
	if (!is_equal(account, inquiry))
		model_settle(&proof->model, account, inquiry->at_ms + CLOCK_SLACK_MS);
	if (!is_equal(account, inquiry)) {
		snprintf(text, sizeof(text),
			 "holds available %" PRId64 ", pending %" PRId64 ", held %" PRId64
			 ", debt %" PRId64 ", not %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
			 inquiry->available, inquiry->pending, inquiry->held, inquiry->debt,
			 account->available, account->pending, account->held, account->debt);
		on_difference(proof, index, NULL, text);
	}
	found += account->expired;
	if (!account->is_blurred && (found < account->acknowledged - account->unknown_debit ||
				     found > account->acknowledged + account->unknown_credit)) {
		snprintf(text, sizeof(text),
			 "found %" PRId64 " points, acknowledged %" PRId64 ", unknown +%" PRId64
			 " -%" PRId64,
			 found, account->acknowledged, account->unknown_credit,
			 account->unknown_debit);
		on_difference(proof, index, NULL, text);
	}
	proof->findings.acknowledged_points += account->acknowledged;
	proof->findings.found_points += found;
	proof->findings.unknown_credit_points += account->unknown_credit;
	proof->findings.unknown_debit_points += account->unknown_debit;
	proof->findings.expired_points += account->expired;
}

/* Judge the partners' totals. */
static void
judge_totals(struct proof *proof)
{
	static const uint8_t counted[] = { TG_OP_EARN,	  TG_OP_BURN,	TG_OP_HOLD,   TG_OP_CAPTURE,
					   TG_OP_RELEASE, TG_OP_REFUND, TG_OP_REVERSE,
					   TG_OP_EXCHANGE };
	char text[200];

	for (uint32_t i = 0; i < proof->asker.totals_count; i++) {
		const struct partner_totals *totals = &proof->asker.totals[i];

		for (size_t k = 0; k < sizeof(counted); k++) {
			uint8_t kind = counted[k];
			bool has_points = kind <= TG_OP_CAPTURE || kind == TG_OP_EXCHANGE;

			if (totals->told_count[kind] == totals->logged_count[kind] &&
			    (!has_points ||
			     totals->told_points[kind] == totals->logged_points[kind]))
				continue;
			snprintf(text, sizeof(text),
				 "partner %u, %s: totals tell %" PRIu64 " of %" PRId64
				 " points, the log %" PRIu64 " of %" PRId64,
				 totals->partner, tg_operation_name(kind), totals->told_count[kind],
				 totals->told_points[kind], totals->logged_count[kind],
				 totals->logged_points[kind]);
			findings_add_text(&proof->findings, text);
		}
	}
}

/* Ask all questions. */
static bool
ask(struct proof *proof, struct failure *failure)
{
	struct stage *stage = proof->stage;
	const struct load *load = engine_load(stage->engine);
	const struct engine_bounds bounds = { .count_max = 0 };
	struct source source;
	double seconds;

	asker_init(&proof->asker, load, &proof->logbook,
		   load_server_time_ms(load) - (int64_t)stage->options->window_hours * HOUR_MS);
	progress_begin(&stage->progress, load->now_ns);
	source = asker_status_source(&proof->asker);
	if (!stage_run(stage, "asking STATUS", &source, &bounds, &seconds, failure))
		return false;
	source = asker_inquiry_source(&proof->asker);
	if (!stage_run(stage, "asking INQUIRY", &source, &bounds, &seconds, failure))
		return false;
	if (stage->options->has_no_totals)
		return true;
	source = asker_totals_source(&proof->asker);
	return stage_run(stage, "asking TOTALS", &source, &bounds, &seconds, failure);
}

/* Transactions of partners that no terminal in the file can ask for. */
static uint64_t
unreachable_count(const struct asker *asker)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < asker->partner_count; i++)
		count += asker->partners[i].end - asker->partners[i].next;
	return count;
}

/* Weigh what was read and asked. */
static void
judge(struct proof *proof)
{
	struct findings *findings = &proof->findings;
	char text[200];

	play_all(proof);
	for (uint32_t i = 0; i < proof->logbook.accounts->count; i++)
		judge_account(proof, i);
	if (!proof->stage->options->has_no_totals)
		judge_totals(proof);
	if (unreachable_count(&proof->asker) + proof->asker.unanswered_count > 0) {
		snprintf(text, sizeof(text),
			 "%" PRIu64 " transactions could not be asked about: no terminal of their "
			 "partner, or STATUS refused",
			 unreachable_count(&proof->asker) + proof->asker.unanswered_count);
		findings_add_text(findings, text);
	}
	findings_add_contradictions(findings, &proof->logbook);
}

enum verify_end
verify_run(struct stage *stage, struct failure *failure)
{
	const struct load_options *options = stage->options;
	struct proof proof = { .stage = stage, .path = options->verify_file };
	enum verify_end end = VERIFY_UNUSABLE;

	setenv("TZ", options->zone, 1);
	tzset();
	proof.rules.expiry_months = (int)options->expiry_months;
	findings_init(&proof.findings, (uint32_t)options->differences);
	if (!model_parse_rates(options->earn_rates, &proof.rules, failure) ||
	    !logbook_read(&proof.logbook, proof.path, &stage->members, failure) ||
	    !stage_connect(stage, ASKING_DEPTH, failure) || !ask(&proof, failure))
		goto out;
	progress_end(&stage->progress);
	proof.model.rules = &proof.rules;
	proof.model.logbook = &proof.logbook;
	proof.model.differ = on_difference;
	proof.model.context = &proof;
	proof.accounts = calloc((size_t)proof.logbook.accounts->count + 1, sizeof(*proof.accounts));
	TG_ASSERT(proof.accounts != NULL);
	judge(&proof);
	findings_print(&proof.findings, &proof.logbook, &proof.asker, options->is_json, stdout);
	end = proof.findings.count == 0 ? VERIFY_PROVED : VERIFY_DIFFERS;
	for (uint32_t i = 0; i < proof.logbook.accounts->count; i++)
		model_account_deinit(&proof.accounts[i]);
out:
	free(proof.accounts);
	asker_deinit(&proof.asker);
	findings_deinit(&proof.findings);
	logbook_deinit(&proof.logbook);
	return end;
}
