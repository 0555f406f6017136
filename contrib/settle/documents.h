/*
 * documents.h - a partner's statements and disputes: read, acknowledged, opened.
 */
#ifndef TG_CONTRIB_SETTLE_DOCUMENTS_H
#define TG_CONTRIB_SETTLE_DOCUMENTS_H

#include "contrib/common/failure.h"
#include "contrib/settle/settings.h"
#include "contrib/settle/settle.h"
#include "protocol/tallygate.h"

/* client: with an open session of a partner's system.  Each may be run again at any time. */

/* Print the list of all statements, or of all disputes, as CSV. */
enum settle_exit documents_list(const struct settle_settings *settings, struct tg_client *client,
				enum tg_operation operation, struct failure *failure);

/* Write a cycle's statement to a file, which is there whole or not at all. */
enum settle_exit documents_fetch(const struct settle_settings *settings, struct tg_client *client,
				 const char *cycle, const char *path, struct failure *failure);

/* Acknowledge the statement of a cycle, if the gateway's is what the file has, byte by byte. */
enum settle_exit documents_acknowledge(const struct settle_settings *settings,
				       struct tg_client *client, const char *cycle,
				       const char *path, struct failure *failure);

/* Dispute a transaction, ID@TIME, for a reason; amount: claimed, NULL for none. */
enum settle_exit documents_dispute(const struct settle_settings *settings,
				   struct tg_client *client, const char *transaction,
				   const char *reason, const char *amount,
				   struct failure *failure);

#endif
