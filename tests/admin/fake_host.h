/*
 * fake_host.h - a gateway for the console's tests: a real ledger, everything else made up.
 */
#ifndef TG_TESTS_ADMIN_FAKE_HOST_H
#define TG_TESTS_ADMIN_FAKE_HOST_H

#include <pthread.h>

#include "admin/command.h"
#include "admin/host.h"
#include "tests/ledger/fixture.h"

/* What fake_host makes as every terminal's one-time code. */
#define FAKE_CODE "0123-4567-89AB"

#define FAKE_RECORDS_MAX 4096
#define FAKE_PRINTED_BYTES 65536
#define FAKE_FLEET_MAX 4

struct fake_host {
	struct console_host host;	/* what the console is given */
	struct ledger_fixture ledger;	/* guarded by lock */
	pthread_mutex_t lock;
	uint8_t *records[FAKE_RECORDS_MAX]; /* owned; encoded, by sequence */
	uint32_t record_bytes[FAKE_RECORDS_MAX];
	uint32_t session_count;		/* that sessions() tells of */
	struct host_terminal fleet[FAKE_FLEET_MAX]; /* that terminal() tells of; zeros: no more */
	enum tg_status refusal;		/* submit() and run_on_ledger() return it unless TG_OK */
	bool	 was_shut_down;
	bool	 is_drained;		/* everybody */
	uint32_t drained_partner;	/* one of them; 0: none */
	uint32_t connections;		/* open; each look at the service closes one */
	uint64_t killed;		/* session */
	char	 set[128];		/* last key and value */
	uint32_t audit_count;
	char	 audit[1024];		/* the last: "operator|origin|command|result|sequence" */
	uint32_t pauses;		/* so far: a repetition is ended at the third */
	/* For run(): */
	struct command_shared shared;
	struct output out;
	struct command_call call;
	size_t	 printed_bytes;
	char	 printed[FAKE_PRINTED_BYTES];
};

/* Partners 1 and 2, stores 11 and 21, terminals 101 and 201, as of fixture_init(). */
void fake_host_init(struct fake_host *fake);
void fake_host_deinit(struct fake_host *fake);

/* cmocka setup and teardown: *state is a struct fake_host. */
int fake_host_setup(void **state);
int fake_host_teardown(void **state);

/* Run a line as operator "ann" with all rights; what it prints comes back, ended by a NUL. */
const char *fake_host_run(struct fake_host *fake, const char *line);

/* Run a line; fail the test unless it ends as wanted ("ok" or "error") and prints all of part. */
void fake_host_expect(struct fake_host *fake, const char *line, const char *end,
		      const char *part);

#endif
