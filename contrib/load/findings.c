/*
 * findings.c - what a proof found, and how it is shown.
 */
#include "contrib/load/findings.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/transaction_id.h"
#include "protocol/assert.h"

#define TEXT_BYTES_MAX 512

/* Transactions by how sure it is what became of them. */
struct sums {
	uint64_t acknowledged, unknown, refused;
};

void
findings_init(struct findings *findings, uint32_t shown_max)
{
	memset(findings, 0, sizeof(*findings));
	findings->shown_max = shown_max;
}

void
findings_deinit(struct findings *findings)
{
	for (uint32_t i = 0; i < findings->text_count; i++)
		free(findings->texts[i]);
	free(findings->texts);
	memset(findings, 0, sizeof(*findings));
}

void
findings_add_text(struct findings *findings, const char *text)
{
	findings->count++;
	if (findings->text_count == findings->shown_max)
		return;
	findings->texts =
		reallocarray(findings->texts, findings->text_count + 1, sizeof(*findings->texts));
	TG_ASSERT(findings->texts != NULL);
	findings->texts[findings->text_count] = strdup(text);
	TG_ASSERT(findings->texts[findings->text_count] != NULL);
	findings->text_count++;
}

void
findings_add(struct findings *findings, const struct members *accounts, uint32_t account,
	     const struct transaction *transaction, const char *text)
{
	char line[TEXT_BYTES_MAX], id[TRANSACTION_ID_TEXT_BYTES];
	int bytes = accounts->items[account].text_bytes;

	if (transaction == NULL) {
		snprintf(line, sizeof(line), "account %.*s: %s", bytes,
			 members_text(accounts, account), text);
	} else {
		transaction_id_format(transaction->id, id);
		snprintf(line, sizeof(line),
			 "account %.*s: record %" PRId64 ", %s %s of partner %u: %s", bytes,
			 members_text(accounts, account), transaction->outcome.sequence,
			 tg_operation_name(transaction->operation), id, transaction->partner, text);
	}
	findings_add_text(findings, line);
}

void
findings_add_contradictions(struct findings *findings, const struct logbook *logbook)
{
	uint64_t count = findings->count + logbook->contradiction_count;
	const char *at = logbook->contradictions;

	while (at != NULL && *at != '\0') {
		char line[TEXT_BYTES_MAX];
		size_t bytes = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)bytes, at);
		findings_add_text(findings, line);
		at += bytes + (at[bytes] == '\n');
	}
	/* The logbook describes only the first of them. */
	findings->count = count;
}

static struct sums
sum_up(const struct logbook *logbook)
{
	struct sums sums = { 0, 0, 0 };

	for (uint32_t i = 0; i < logbook->count; i++) {
		switch (logbook->transactions[i].certainty) {
		case CERTAIN_ACKNOWLEDGED:
			sums.acknowledged++;
			break;
		case CERTAIN_REFUSED:
			sums.refused++;
			break;
		case CERTAIN_UNKNOWN:
		case CERTAIN_FOUND:
		case CERTAIN_ABSENT:
			sums.unknown++;
			break;
		}
	}
	return sums;
}

static void
print_totals(const struct asker *asker, FILE *file)
{
	if (asker->totals_count == 0)
		return;
	fprintf(file, "%-10s %15s %15s %15s %15s\n", "partner", "issued, log", "issued, found",
		"burned, log", "burned, found");
	for (uint32_t i = 0; i < asker->totals_count; i++) {
		const struct partner_totals *totals = &asker->totals[i];

		fprintf(file, "%-10u %15" PRId64 " %15" PRId64 " %15" PRId64 " %15" PRId64 "\n",
			totals->partner, totals->logged_points[TG_OP_EARN],
			totals->told_points[TG_OP_EARN],
			totals->logged_points[TG_OP_BURN] + totals->logged_points[TG_OP_CAPTURE],
			totals->told_points[TG_OP_BURN] + totals->told_points[TG_OP_CAPTURE]);
	}
}

static void
print_text(const struct findings *findings, const struct logbook *logbook,
	   const struct asker *asker, FILE *file)
{
	struct sums sums = sum_up(logbook);

	fprintf(file,
		"log: %u runs, %" PRIu64 " sendings of %u transactions of %u accounts, %" PRIu64
		" answers, %" PRIu64 " bytes cut off\n",
		logbook->run_count, logbook->sending_count, logbook->count,
		logbook->accounts->count, logbook->answer_count, logbook->skipped_bytes);
	fprintf(file,
		"transactions: %" PRIu64 " acknowledged, %" PRIu64 " unknown (%" PRIu64
		" done, %" PRIu64 " not done), %" PRIu64 " refused; %" PRIu64
		" acknowledged ones asked about again, %" PRIu64 " too old for that\n",
		sums.acknowledged, sums.unknown, asker->found_count, asker->absent_count,
		sums.refused, asker->checked_count, asker->old_count);
	fprintf(file,
		"points of all accounts: acknowledged %" PRId64 ", unknown +%" PRId64 " -%" PRId64
		", found %" PRId64 " (%" PRId64 " of them expired)\n",
		findings->acknowledged_points, findings->unknown_credit_points,
		findings->unknown_debit_points, findings->found_points, findings->expired_points);
	print_totals(asker, file);
	for (uint32_t i = 0; i < findings->text_count; i++)
		fprintf(file, "DIFFERENCE %s\n", findings->texts[i]);
	if (findings->count > findings->text_count)
		fprintf(file, "... and %" PRIu64 " more\n", findings->count - findings->text_count);
	fprintf(file, "differences: %" PRIu64 "\n", findings->count);
}

static void
print_json(const struct findings *findings, const struct logbook *logbook,
	   const struct asker *asker, FILE *file)
{
	struct sums sums = sum_up(logbook);
	json_t *root = json_object(), *texts = json_array();
	const struct {
		const char *name;
		int64_t value;
	} values[] = {
		{ "runs", logbook->run_count },
		{ "sendings", (int64_t)logbook->sending_count },
		{ "answers", (int64_t)logbook->answer_count },
		{ "skipped_bytes", (int64_t)logbook->skipped_bytes },
		{ "transactions", logbook->count },
		{ "accounts", logbook->accounts->count },
		{ "acknowledged", (int64_t)sums.acknowledged },
		{ "unknown", (int64_t)sums.unknown },
		{ "unknown_done", (int64_t)asker->found_count },
		{ "unknown_not_done", (int64_t)asker->absent_count },
		{ "refused", (int64_t)sums.refused },
		{ "asked_again", (int64_t)asker->checked_count },
		{ "too_old", (int64_t)asker->old_count },
		{ "acknowledged_points", findings->acknowledged_points },
		{ "unknown_credit_points", findings->unknown_credit_points },
		{ "unknown_debit_points", findings->unknown_debit_points },
		{ "found_points", findings->found_points },
		{ "expired_points", findings->expired_points },
		{ "differences", (int64_t)findings->count },
	};

	TG_ASSERT(root != NULL && texts != NULL);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		json_object_set_new(root, values[i].name, json_integer(values[i].value));
	for (uint32_t i = 0; i < findings->text_count; i++)
		json_array_append_new(texts, json_string(findings->texts[i]));
	json_object_set_new(root, "difference_texts", texts);
	json_dumpf(root, file, JSON_INDENT(2));
	fputc('\n', file);
	json_decref(root);
}

void
findings_print(const struct findings *findings, const struct logbook *logbook,
	       const struct asker *asker, bool is_json, FILE *file)
{
	if (is_json)
		print_json(findings, logbook, asker, file);
	else
		print_text(findings, logbook, asker, file);
}
