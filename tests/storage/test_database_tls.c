/*
 * test_database_tls.c - TLS to MariaDB: required where it is asked for, and the server proves
 * itself.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/database.h"
#include "tests/mariadb.h"

#define PATH_BYTES 128

/* A server on a port, and who signed its certificate. */
struct tls_fixture {
	struct mariadb *server;
	char	 folder[PATH_BYTES];
	char	 ca_path[PATH_BYTES];
	char	 other_ca_path[PATH_BYTES];
	uint16_t port;
};

/* Keys and certificates: two authorities, of which the first signed for "localhost". */
static const char make_keys[] =
	"cd '%s' && exec >keys.log 2>&1 && "
	"new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
	" -subj \"/CN=$1\" -keyout $1.key -out $1.pem; } && new ca && new other && "
	"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
	" -keyout server.key -out server.csr && "
	"openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
	" -out server.pem";

/* A port that is free now, below those that the system gives away, so that it stays free. */
static uint16_t
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	uint16_t port;
	int file, status;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do {
		assert_int_equal(getrandom(&port, sizeof port, 0), sizeof port);
		port = (uint16_t)(15000 + port % 15000);
		address.sin_port = htons(port);
		file = socket(AF_INET, SOCK_STREAM, 0);
		status = bind(file, (struct sockaddr *)&address, sizeof address);
		close(file);
	} while (status != 0);
	return port;
}

static int
group_setup(void **state)
{
	static struct tls_fixture f;
	static char options[6][PATH_BYTES];
	const char *list[7] = { options[0], options[1], options[2], options[3],
				options[4], options[5], NULL };
	char command[2048];

	(void)snprintf(f.folder, sizeof f.folder, "/tmp/tg-tls-XXXXXX");
	assert_non_null(mkdtemp(f.folder));
	(void)snprintf(command, sizeof command, make_keys, f.folder);
	assert_int_equal(system(command), 0);
	f.port = free_port();
	(void)snprintf(options[0], PATH_BYTES, "--skip-networking=0");
	(void)snprintf(options[1], PATH_BYTES, "--bind-address=127.0.0.1");
	(void)snprintf(options[2], PATH_BYTES, "--port=%u", f.port);
	(void)snprintf(options[3], PATH_BYTES, "--ssl-ca=%.80s/ca.pem", f.folder);
	(void)snprintf(options[4], PATH_BYTES, "--ssl-cert=%.80s/server.pem", f.folder);
	(void)snprintf(options[5], PATH_BYTES, "--ssl-key=%.80s/server.key", f.folder);
	(void)snprintf(f.ca_path, sizeof f.ca_path, "%.80s/ca.pem", f.folder);
	(void)snprintf(f.other_ca_path, sizeof f.other_ca_path, "%.80s/other.pem", f.folder);
	f.server = mariadb_new(list);
	mariadb_run(f.server, "CREATE USER far@'%' IDENTIFIED BY 'secret'");
	mariadb_run(f.server, "GRANT ALL ON tallygate.* TO far@'%'");
	*state = &f;
	return 0;
}

static int
group_teardown(void **state)
{
	struct tls_fixture *f = *state;
	char command[2 * PATH_BYTES];

	mariadb_free(f->server);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
	return system(command);
}

static struct database_config
config_of(const struct tls_fixture *f, const char *host, const char *ca_path)
{
	return (struct database_config){
		.host = host,
		.port = f->port,
		.user = "far",
		.password = "secret",
		.database = "tallygate",
		.use_tls = true,
		.tls_ca_path = ca_path,
	};
}

static void
on_cipher(void *context, const struct database_cell *cells)
{
	*(bool *)context = cells[1].text != NULL && cells[1].text[0] != '\0';
}

/* What: with the right authority and name the connection is there, and is TLS.
 * How:  the server is asked for the cipher in use. */
static void
proved_server_is_taken(void **state)
{
	struct database_config config = config_of(*state, "localhost", NULL);
	struct storage_error error;
	struct database *database;
	bool is_tls = false;

	config.tls_ca_path = ((struct tls_fixture *)*state)->ca_path;
	if (database_open(&config, &database, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_int_equal(database_query(database, "SHOW STATUS LIKE 'Ssl_cipher'", on_cipher,
					&is_tls, &error), TG_OK);
	assert_true(is_tls);
	database_close(database);
}

/* What: a server with another's signature or another's name is refused, as is the system's trust.
 * How:  the wrong authority, none named, and the address in place of the name. */
static void
unproved_server_is_refused(void **state)
{
	const struct tls_fixture *f = *state;
	const struct database_config configs[] = {
		config_of(f, "localhost", f->other_ca_path),
		config_of(f, "localhost", NULL),
		config_of(f, "127.0.0.1", f->ca_path),
	};
	struct storage_error error;
	struct database *database;

	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
		assert_int_equal(database_open(&configs[i], &database, &error), TG_DATABASE);
}

/* What: where TLS is asked for, a server without it is refused.
 * How:  the same server started without its certificate. */
static void
server_without_tls_is_refused(void **state)
{
	const struct tls_fixture *f = *state;
	struct database_config config = config_of(f, "localhost", f->ca_path);
	char port[PATH_BYTES];
	const char *options[] = { "--skip-networking=0", "--bind-address=127.0.0.1", port, NULL };
	struct mariadb *server;
	struct storage_error error;
	struct database *database;

	config.port = free_port();
	(void)snprintf(port, sizeof port, "--port=%u", config.port);
	server = mariadb_new(options);
	mariadb_run(server, "CREATE USER far@'%' IDENTIFIED BY 'secret'");
	assert_int_equal(database_open(&config, &database, &error), TG_DATABASE);
	mariadb_free(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proved_server_is_taken),
		cmocka_unit_test(unproved_server_is_refused),
		cmocka_unit_test(server_without_tls_is_refused),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("database over TLS", tests, group_setup,
					   group_teardown);
}
