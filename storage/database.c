/*
 * database.c - one connection to MariaDB: options, session, statements, errors.
 *
 * MYSQL_OPT_RECONNECT stays off: Connector/C would run the rest of a transaction outside of any.
 * What the server calls LOCAL INFILE stays off: it lets a server read any file of the client.
 */
#include "storage/database.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol/assert.h"
#include "storage/database_internal.h"

#define CONNECT_TIMEOUT_S_DEFAULT 5
#define IO_TIMEOUT_S_DEFAULT 30
#define PORT_DEFAULT 3306
#define SYSTEM_CA_PATH "/etc/ssl/certs"
#define WHAT_BYTES_MAX 120	/* of a statement that is shown in an error */

/* Takes the seconds that row and metadata locks are waited for, twice. */
static const char session_sql[] =
	"SET SESSION autocommit = 1, "
	"sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
	"NO_AUTO_CREATE_USER', "
	"time_zone = '+00:00', innodb_lock_wait_timeout = %u, lock_wait_timeout = %u";
static const char isolation_sql[] = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

enum tg_status
database_cutter_init(struct database_cutter *cutter)
{
	cutter->socket = -1;
	cutter->is_cut = false;
	return pthread_mutex_init(&cutter->lock, NULL) == 0 ? TG_OK : TG_NO_MEMORY;
}

void
database_cutter_deinit(struct database_cutter *cutter)
{
	TG_ASSERT(cutter->socket == -1);
	pthread_mutex_destroy(&cutter->lock);
}

void
database_cutter_cut(struct database_cutter *cutter)
{
	pthread_mutex_lock(&cutter->lock);
	cutter->is_cut = true;
	if (cutter->socket >= 0)
		(void)shutdown(cutter->socket, SHUT_RDWR);
	pthread_mutex_unlock(&cutter->lock);
}

/* Tell the cutter which socket is in use, -1 for none.  False when it has cut already. */
static bool
cutter_watch(struct database_cutter *cutter, int socket)
{
	bool is_cut = false;

	if (cutter == NULL)
		return true;
	pthread_mutex_lock(&cutter->lock);
	is_cut = cutter->is_cut;
	cutter->socket = socket;
	if (is_cut && socket >= 0)
		(void)shutdown(socket, SHUT_RDWR);
	pthread_mutex_unlock(&cutter->lock);
	return !is_cut;
}

enum tg_status
database_setup(void)
{
	return mysql_library_init(0, NULL, NULL) == 0 ? TG_OK : TG_NO_MEMORY;
}

/* Which failure an error is.  Classes of SQLSTATE: 22 data, 23 integrity, 42 names and rights. */
static enum database_failure
failure_of(const struct database_trouble *trouble)
{
	if (trouble->number >= CR_MIN_ERROR && trouble->number <= CR_MAX_ERROR)
		return DATABASE_FAILURE_LOST;
	switch (trouble->number) {
	case ER_DUP_ENTRY:
	case ER_DUP_ENTRY_WITH_KEY_NAME:
		return DATABASE_FAILURE_DUPLICATE;
	case ER_NO_SUCH_TABLE:
	case ER_BAD_FIELD_ERROR:
	case ER_TABLE_EXISTS_ERROR:
	case ER_WRONG_VALUE_COUNT_ON_ROW:
	case ER_NO_DEFAULT_FOR_FIELD:
		return DATABASE_FAILURE_SCHEMA;
	case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
	case ER_DATA_TOO_LONG:
	case ER_WARN_DATA_OUT_OF_RANGE:
	case WARN_DATA_TRUNCATED:
	case ER_BAD_NULL_ERROR:
		return DATABASE_FAILURE_DATA;
	default:
		break;
	}
	if (strncmp(trouble->state, "22", 2) == 0)
		return DATABASE_FAILURE_DATA;
	return DATABASE_FAILURE_REFUSED;
}

enum tg_status
database_fail(struct database *database, const struct database_trouble *trouble, const char *what,
	      struct storage_error *error)
{
	enum tg_status status = TG_DATABASE;

	database->failure = failure_of(trouble);
	if (database->failure == DATABASE_FAILURE_DATA ||
	    database->failure == DATABASE_FAILURE_DUPLICATE)
		status = TG_CORRUPT;
	return storage_fail(error, status, "MariaDB: %u %s: %s (in: %.*s)", trouble->number,
			    trouble->state, trouble->text, WHAT_BYTES_MAX, what);
}

/* As database_fail(), with the error of the connection. */
static enum tg_status
fail(struct database *database, const char *what, struct storage_error *error)
{
	const struct database_trouble trouble = {
		.number = mysql_errno(database->mysql),
		.state = mysql_sqlstate(database->mysql),
		.text = mysql_error(database->mysql),
	};

	return database_fail(database, &trouble, what, error);
}

enum database_failure
database_failure(const struct database *database)
{
	return database->failure;
}

static unsigned int
io_timeout_s(const struct database_config *config)
{
	return config->io_timeout_s != 0 ? config->io_timeout_s : IO_TIMEOUT_S_DEFAULT;
}

/* Set every option; any that is refused is a bug of ours or a foreign library. */
static bool
set_options(MYSQL *mysql, const struct database_config *config)
{
	const unsigned int connect_s =
		config->connect_timeout_s != 0 ? config->connect_timeout_s :
						 CONNECT_TIMEOUT_S_DEFAULT;
	const unsigned int io_s = io_timeout_s(config);
	const unsigned int no_infile = 0;
	const my_bool off = 0;
	const my_bool on = 1;
	int refused = 0;

	if (config->defaults_path != NULL) {
		refused |= mysql_options(mysql, MYSQL_READ_DEFAULT_FILE, config->defaults_path);
		refused |= mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, "tallygate");
	}
	refused |= mysql_options(mysql, MYSQL_OPT_RECONNECT, &off);
	refused |= mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_infile);
	refused |= mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	refused |= mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &io_s);
	refused |= mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &io_s);
	refused |= mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (config->use_tls) {
		/* Connector/C verifies nothing unless it was told some authority. */
		if (config->tls_ca_path != NULL)
			refused |= mysql_options(mysql, MYSQL_OPT_SSL_CA, config->tls_ca_path);
		else
			refused |= mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, SYSTEM_CA_PATH);
		refused |= mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
		refused |= mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
		refused |= mysql_options(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
	}
	if (config->tls_certificate_path != NULL) {
		refused |= mysql_options(mysql, MYSQL_OPT_SSL_CERT, config->tls_certificate_path);
		refused |= mysql_options(mysql, MYSQL_OPT_SSL_KEY, config->tls_key_path);
	}
	return refused == 0;
}

/* Log in and set the session. */
static enum tg_status
begin_session(struct database *database, const struct database_config *config,
	      struct storage_error *error)
{
	const unsigned int protocol = config->socket_path != NULL ? MYSQL_PROTOCOL_SOCKET :
								    MYSQL_PROTOCOL_TCP;
	const char *where = config->socket_path != NULL ? config->socket_path :
			    config->host != NULL	? config->host :
							  "the host of the option file";
	const unsigned int port = config->port != 0 ? config->port : PORT_DEFAULT;
	const bool is_told = config->socket_path != NULL || config->host != NULL;
	/* Waits for locks end well before the time-out, so that the server says why. */
	const unsigned int lock_s = 1 + io_timeout_s(config) / 3;
	char sql[sizeof session_sql + 20];
	enum tg_status status;

	if (is_told && mysql_options(database->mysql, MYSQL_OPT_PROTOCOL, &protocol) != 0)
		return fail(database, "connect", error);
	if (mysql_real_connect(database->mysql, config->socket_path == NULL ? config->host : NULL,
			       config->user, config->password, config->database,
			       is_told ? port : 0, config->socket_path, 0) == NULL)
		return fail(database, where, error);
	if (!cutter_watch(database->cutter, (int)mysql_get_socket(database->mysql)))
		return storage_fail(error, TG_CLOSED, "MariaDB: told to stop");
	(void)snprintf(sql, sizeof sql, session_sql, lock_s, lock_s);
	status = database_run(database, sql, NULL, error);
	if (status == TG_OK)
		status = database_run(database, isolation_sql, NULL, error);
	return status;
}

enum tg_status
database_open(const struct database_config *config, struct database **ret_database,
	      struct storage_error *error)
{
	struct database *database = calloc(1, sizeof *database);
	enum tg_status status;

	TG_ASSERT(config->database != NULL);
	if (database == NULL)
		return storage_fail(error, TG_NO_MEMORY, "MariaDB: no memory for a connection");
	database->cutter = config->cutter;
	database->mysql = mysql_init(NULL);
	if (database->mysql == NULL || !set_options(database->mysql, config)) {
		database_close(database);
		return storage_fail(error, TG_NO_MEMORY, "MariaDB: options were refused");
	}
	if (!cutter_watch(database->cutter, -1)) {
		database_close(database);
		return storage_fail(error, TG_CLOSED, "MariaDB: told to stop");
	}
	status = begin_session(database, config, error);
	if (status != TG_OK) {
		database_close(database);
		return status;
	}
	*ret_database = database;
	return TG_OK;
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	(void)cutter_watch(database->cutter, -1);
	if (database->mysql != NULL)
		mysql_close(database->mysql);
	free(database);
}

enum tg_status
database_run(struct database *database, const char *sql, uint64_t *ret_affected,
	     struct storage_error *error)
{
	MYSQL_RES *rows;

	database->failure = DATABASE_FAILURE_NONE;
	if (mysql_real_query(database->mysql, sql, strlen(sql)) != 0)
		return fail(database, sql, error);
	rows = mysql_store_result(database->mysql);
	if (rows == NULL && mysql_errno(database->mysql) != 0)
		return fail(database, sql, error);
	if (ret_affected != NULL)
		*ret_affected = mysql_affected_rows(database->mysql);
	mysql_free_result(rows);
	return TG_OK;
}

/* Hand the rows of a stored result to on_row. */
static void
deliver_rows(MYSQL_RES *rows, database_row_fn *on_row, void *context)
{
	struct database_cell cells[DATABASE_COLUMNS_MAX];
	unsigned int column_count = mysql_num_fields(rows);
	MYSQL_ROW row;

	TG_ASSERT(column_count <= DATABASE_COLUMNS_MAX);
	while ((row = mysql_fetch_row(rows)) != NULL) {
		unsigned long *lengths = mysql_fetch_lengths(rows);

		for (unsigned int i = 0; i < column_count; i++)
			cells[i] = (struct database_cell){ .text = row[i], .bytes = lengths[i] };
		on_row(context, cells);
	}
}

enum tg_status
database_query(struct database *database, const char *sql, database_row_fn *on_row, void *context,
	       struct storage_error *error)
{
	MYSQL_RES *rows;

	database->failure = DATABASE_FAILURE_NONE;
	if (mysql_real_query(database->mysql, sql, strlen(sql)) != 0)
		return fail(database, sql, error);
	rows = mysql_store_result(database->mysql);
	if (rows == NULL)
		return fail(database, sql, error);
	deliver_rows(rows, on_row, context);
	mysql_free_result(rows);
	return TG_OK;
}

size_t
database_quote(struct database *database, const char *text, size_t bytes, char *ret_literal)
{
	size_t length;

	ret_literal[0] = '\'';
	length = mysql_real_escape_string(database->mysql, ret_literal + 1, text, bytes);
	ret_literal[length + 1] = '\'';
	ret_literal[length + 2] = '\0';
	return length + 2;
}

uint64_t
database_cell_u64(const struct database_cell *cell)
{
	return cell->text == NULL ? 0 : strtoull(cell->text, NULL, 10);
}

int64_t
database_cell_i64(const struct database_cell *cell)
{
	return cell->text == NULL ? 0 : strtoll(cell->text, NULL, 10);
}
