/*
 * archive_document.c - statements and lists of them as texts, by pieces.
 */
#include "storage/archive_document.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/archive_internal.h"
#include "storage/statement_print.h"

static void
print_statement(FILE *file, uint8_t form, const struct signed_statement *statement)
{
	if (form == TG_FORM_JSON)
		statement_print_json(file, statement);
	else if (form == TG_FORM_HTML)
		statement_print_html(file, statement);
	else
		statement_print_csv(file, statement);
}

static enum tg_status
write_statement(struct archive_query *query, const struct archive_page_question *question,
		FILE *file, struct archived_document *facts, struct storage_error *error)
{
	struct signed_statement statement;
	struct statement *s = &statement.statement;
	enum tg_status status = statement_read(query->database, question->partner,
					       question->document.cycle, s, error);

	facts->is_found = status == TG_OK;
	if (status != TG_OK)
		return status == TG_UNKNOWN_STATEMENT ? TG_OK : status;
	statement_digest(s, s->digest_before, statement.digest);
	print_statement(file, question->document.form, &statement);
	memcpy(facts->chain, statement.digest, sizeof facts->chain);
	statement_deinit(s);
	return TG_OK;
}

static void
on_row(void *context, const struct database_cell *cells)
{
	FILE *file = context;

	(void)fprintf(file, "%s\n", cells[0].text == NULL ? "" : cells[0].text);
}

/* None of the columns can have a comma in it. */
static enum tg_status
write_list(struct archive_query *query, const struct archive_page_question *question, FILE *file,
	   struct storage_error *error)
{
	const bool is_disputes = question->document.kind == ARCHIVE_DISPUTES;
	char sql[ARCHIVE_SQL_BYTES_MAX];

	if (is_disputes) {
		(void)fprintf(file, "dispute,transaction,record,member,reason,claimed,state,"
				    "opened_at,decided_at,correction\n");
		(void)snprintf(sql, sizeof sql,
			       "SELECT CONCAT_WS(',', d.dispute, LOWER(HEX(d.transaction_id)),"
			       " d.about, COALESCE(d.member, ''), d.reason, d.claimed_amount,"
			       " d.state, COALESCE(d.opened_at, ''), COALESCE(d.decided_at, ''),"
			       " COALESCE((SELECT i.amount FROM settlement_item i WHERE d.state ="
			       " 'upheld' AND i.sequence = d.last_sequence), '')) FROM dispute d"
			       " WHERE d.partner = %" PRIu32 " ORDER BY d.dispute",
			       question->partner);
	} else {
		(void)fprintf(file,
			      "cycle,first_date,last_date,closed_at,net,carried,payable,state\n");
		(void)snprintf(sql, sizeof sql,
			       "SELECT CONCAT_WS(',', s.cycle, COALESCE(c.first_date, ''),"
			       " c.last_date, c.closed_at, s.net_amount, s.carried_amount,"
			       " s.payable_amount, COALESCE(t.state, 'closed')) FROM statement s"
			       " JOIN closed_cycle c ON c.partner = s.partner AND c.cycle = s.cycle"
			       " LEFT JOIN statement_state t ON t.partner = s.partner"
			       " AND t.cycle = s.cycle WHERE s.partner = %" PRIu32
			       " ORDER BY s.cycle",
			       question->partner);
	}
	return database_query(query->database, sql, on_row, file, error);
}

/* Make the text anew; what was there before is gone. */
static enum tg_status
make_text(struct archive_query *query, const struct archive_page_question *question,
	  struct storage_error *error)
{
	struct archive_text *text = &query->text;
	uint8_t digest[EVP_MAX_MD_SIZE];
	enum tg_status status;
	FILE *file;

	archive_text_deinit(text);
	text->facts.is_found = true;
	file = open_memstream(&text->bytes, &text->bytes_count);
	if (file == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a text");
	status = question->document.kind == ARCHIVE_STATEMENT ?
			 write_statement(query, question, file, &text->facts, error) :
			 write_list(query, question, file, error);
	if (fclose(file) != 0 && status == TG_OK)
		status = storage_fail(error, TG_NO_MEMORY, "no memory for a text");
	if (status == TG_OK && EVP_Digest(text->bytes, text->bytes_count, digest, NULL,
					  EVP_sha256(), NULL) != 1)
		status = storage_fail(error, TG_NO_MEMORY, "no digest of a text");
	if (status != TG_OK) {
		archive_text_deinit(text);
		return status;
	}
	memcpy(text->facts.digest, digest, sizeof text->facts.digest);
	text->question = question->document;
	text->partner = question->partner;
	return TG_OK;
}

void
archive_text_deinit(struct archive_text *text)
{
	free(text->bytes);
	memset(text, 0, sizeof *text);
}

static void
on_state(void *context, const struct database_cell *cells)
{
	uint8_t *state = context;

	*state = (uint8_t)database_cell_u64(&cells[0]);
}

/* A statement never changes, its state does. */
static enum tg_status
read_state(struct archive_query *query, const struct archive_page_question *question,
	   uint8_t *ret_state, struct storage_error *error)
{
	char sql[ARCHIVE_SQL_BYTES_MAX];

	*ret_state = 0;
	if (question->document.kind != ARCHIVE_STATEMENT)
		return TG_OK;
	(void)snprintf(sql, sizeof sql,
		       "SELECT state + 0 FROM statement_state WHERE partner = %" PRIu32
		       " AND cycle = %" PRIu32,
		       question->partner, question->document.cycle);
	return database_query(query->database, sql, on_state, ret_state, error);
}

enum tg_status
archive_read_document(struct archive_query *query, const struct archive_page_question *question,
		      struct archived_document *ret_document, struct storage_error *error)
{
	const struct archive_document_question *q = &question->document;
	struct archive_text *text = &query->text;
	const bool is_kept = text->bytes != NULL && text->partner == question->partner &&
			     text->question.kind == q->kind && text->question.form == q->form &&
			     text->question.cycle == q->cycle && text->facts.is_found;
	enum tg_status status = TG_OK;
	size_t from, bytes;

	if (!is_kept || (q->from_byte == 0 && q->kind != ARCHIVE_STATEMENT))
		status = make_text(query, question, error);
	if (status != TG_OK)
		return status;
	from = q->from_byte < text->bytes_count ? (size_t)q->from_byte : text->bytes_count;
	bytes = text->bytes_count - from;
	if (bytes > sizeof ret_document->piece)
		bytes = sizeof ret_document->piece;
	memcpy(ret_document, &text->facts, offsetof(struct archived_document, piece));
	ret_document->bytes = (uint32_t)bytes;
	memcpy(ret_document->piece, text->bytes + from, bytes);
	ret_document->has_more = from + bytes < text->bytes_count;
	return read_state(query, question, &ret_document->state, error);
}
