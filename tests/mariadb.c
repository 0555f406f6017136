/*
 * mariadb.c - a private MariaDB server for tests: a folder and a socket of its own.
 */
#include "tests/mariadb.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_SECONDS_MAX 60
#define PATH_MAX_BYTES 256
#define ARGUMENTS_MAX 40

struct mariadb {
	pid_t	 pid;			/* 0: not running */
	char	 folder[64];
	char	 socket_path[100];
	const char *options[MARIADB_OPTIONS_MAX + 1];
	struct database_config config;
};

static const char *const server_paths[] = {
	"/usr/sbin/mariadbd",
	"/usr/libexec/mariadbd",
	"/usr/bin/mariadbd",
	"/usr/local/sbin/mariadbd",
};
static const char *const install_paths[] = {
	"/usr/bin/mariadb-install-db", "/usr/local/bin/mariadb-install-db",
};

/* For what a test cannot go on without. */
static void
must(bool is_done, const char *what)
{
	if (!is_done) {
		fprintf(stderr, "# mariadb: %s: %s\n", what, strerror(errno));
		abort();
	}
}

/* The first of paths that can be run, or NULL. */
static const char *
find_program(const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return NULL;
}

static const char *
find_server(void)
{
	return find_program(server_paths, sizeof server_paths / sizeof server_paths[0]);
}

static const char *
find_install(void)
{
	return find_program(install_paths, sizeof install_paths / sizeof install_paths[0]);
}

const char *
mariadb_missing(void)
{
	if (find_server() == NULL)
		return "mariadbd is not installed";
	if (find_install() == NULL)
		return "mariadb-install-db is not installed";
	return NULL;
}

int
mariadb_skip_all(void)
{
	printf("1..0 # SKIP %s\n", mariadb_missing());
	return 0;
}

/* Start a program with its output in folder/name; the caller's death is its own. */
static pid_t
run_program(const char *folder, const char *name, const char *const *arguments)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	char path[PATH_MAX_BYTES];
	int log;

	must(pid >= 0, "fork");
	if (pid > 0)
		return pid;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(127);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	execv(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* Show what a program said, and stop. */
static _Noreturn void
give_up(const char *folder, const char *name)
{
	char path[PATH_MAX_BYTES];
	char line[512];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		fprintf(stderr, "# %s", line);
	fprintf(stderr, "# %s failed\n", path);
	abort();
}

/*
 * A folder of its own for temporary tables: a server that starts removes all that it finds, also
 * those of another one.
 */
static void
install(const struct mariadb *server)
{
	char data[PATH_MAX_BYTES], temporary[PATH_MAX_BYTES];
	const char *arguments[] = {
		find_install(),
		"--no-defaults",
		data,
		temporary,
		"--auth-root-authentication-method=normal",
		"--skip-test-db",
		"--skip-name-resolve",
		"--innodb-log-file-size=16M",
		geteuid() == 0 ? "--user=root" : NULL,
		NULL,
	};
	int result;
	pid_t pid;

	(void)snprintf(data, sizeof data, "--datadir=%s/data", server->folder);
	(void)snprintf(temporary, sizeof temporary, "--tmpdir=%s", server->folder);
	pid = run_program(server->folder, "install.log", arguments);
	must(waitpid(pid, &result, 0) == pid, "wait for mariadb-install-db");
	if (!WIFEXITED(result) || WEXITSTATUS(result) != 0)
		give_up(server->folder, "install.log");
}

void
mariadb_spawn(struct mariadb *server)
{
	char data[PATH_MAX_BYTES];
	char temporary[PATH_MAX_BYTES];
	char socket_option[PATH_MAX_BYTES];
	const char *arguments[ARGUMENTS_MAX] = {
		find_server(),
		"--no-defaults",
		data,
		temporary,
		socket_option,
		"--skip-networking",
		"--skip-name-resolve",
		"--performance-schema=OFF",
		"--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=16M",
		"--innodb-flush-log-at-trx-commit=1",
		"--max-connections=40",
		"--table-open-cache=200",
	};
	size_t count = 13;

	must(server->pid == 0, "is running already");
	(void)snprintf(data, sizeof data, "--datadir=%s/data", server->folder);
	(void)snprintf(temporary, sizeof temporary, "--tmpdir=%s", server->folder);
	(void)snprintf(socket_option, sizeof socket_option, "--socket=%s", server->socket_path);
	if (geteuid() == 0)
		arguments[count++] = "--user=root";
	for (size_t i = 0; server->options[i] != NULL; i++)
		arguments[count++] = server->options[i];
	server->pid = run_program(server->folder, "server.log", arguments);
}

/* Wait until it answers. */
static void
await_answer(struct mariadb *server)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct database_config config = server->config;
	struct storage_error error;
	struct database *database;

	config.database = "mysql";
	for (int i = 0; i < START_SECONDS_MAX * 50; i++) {
		if (database_open(&config, &database, &error) == TG_OK) {
			database_close(database);
			return;
		}
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
			break;
		nanosleep(&pause, NULL);
	}
	give_up(server->folder, "server.log");
}

void
mariadb_start(struct mariadb *server)
{
	if (server->pid == 0)
		mariadb_spawn(server);
	await_answer(server);
}

struct mariadb *
mariadb_new(const char *const *options)
{
	struct mariadb *server = calloc(1, sizeof *server);
	const char *base = getenv("TMPDIR");

	must(server != NULL && mariadb_missing() == NULL, "find the server");
	must(database_setup() == TG_OK, "set up Connector/C");
	(void)signal(SIGPIPE, SIG_IGN);
	if (base == NULL || strlen(base) > 40)
		base = "/tmp";
	(void)snprintf(server->folder, sizeof server->folder, "%s/tg-mariadb-XXXXXX", base);
	must(mkdtemp(server->folder) != NULL, "make a folder");
	(void)snprintf(server->socket_path, sizeof server->socket_path, "%s/socket",
		       server->folder);
	for (size_t i = 0; options != NULL && options[i] != NULL; i++) {
		must(i < MARIADB_OPTIONS_MAX, "take so many options");
		server->options[i] = options[i];
	}
	server->config = (struct database_config){
		.socket_path = server->socket_path,
		.user = "root",
		.database = "tallygate",
	};
	install(server);
	mariadb_start(server);
	mariadb_reset(server);
	return server;
}

static int
remove_path(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

void
mariadb_free(struct mariadb *server)
{
	if (server == NULL)
		return;
	if (server->pid != 0)
		mariadb_kill(server);
	(void)nftw(server->folder, remove_path, 16, FTW_DEPTH | FTW_PHYS);
	free(server);
}

/* Send a signal and wait for the end. */
static void
end_server(struct mariadb *server, int signal_number)
{
	must(server->pid > 0, "is not running");
	(void)kill(server->pid, signal_number);
	must(waitpid(server->pid, NULL, 0) == server->pid, "wait for the server");
	server->pid = 0;
}

void
mariadb_stop(struct mariadb *server)
{
	end_server(server, SIGTERM);
}

void
mariadb_kill(struct mariadb *server)
{
	end_server(server, SIGKILL);
}

void
mariadb_freeze(struct mariadb *server)
{
	int result;

	must(server->pid > 0 && kill(server->pid, SIGSTOP) == 0, "freeze");
	/* Told once the last of its threads stands; until then some of them still answer. */
	must(waitpid(server->pid, &result, WUNTRACED) == server->pid, "wait until it is frozen");
	must(WIFSTOPPED(result), "find it frozen");
}

void
mariadb_thaw(struct mariadb *server)
{
	must(server->pid > 0 && kill(server->pid, SIGCONT) == 0, "thaw");
}

const struct database_config *
mariadb_config(const struct mariadb *server)
{
	return &server->config;
}

const char *
mariadb_folder(const struct mariadb *server)
{
	return server->folder;
}

const char *
mariadb_socket(const struct mariadb *server)
{
	return server->socket_path;
}

double
mariadb_cpu_seconds(const struct mariadb *server)
{
	clockid_t clock;
	struct timespec used;

	must(clock_getcpuclockid(server->pid, &clock) == 0, "find the clock");
	must(clock_gettime(clock, &used) == 0, "read the clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Open a connection, or show why not and stop. */
static struct database *
connect_or_stop(const struct database_config *config)
{
	struct storage_error error;
	struct database *database;

	if (database_open(config, &database, &error) != TG_OK) {
		fprintf(stderr, "# %s\n", error.text);
		abort();
	}
	return database;
}

static void
run_or_stop(struct database *database, const char *sql)
{
	struct storage_error error;

	if (database_run(database, sql, NULL, &error) != TG_OK) {
		fprintf(stderr, "# %s\n", error.text);
		abort();
	}
}

void
mariadb_run(const struct mariadb *server, const char *sql)
{
	struct database *database = connect_or_stop(&server->config);

	run_or_stop(database, sql);
	database_close(database);
}

static void
on_number(void *context, const struct database_cell *cells)
{
	*(int64_t *)context = database_cell_i64(&cells[0]);
}

int64_t
mariadb_number(const struct mariadb *server, const char *sql)
{
	struct database *database = connect_or_stop(&server->config);
	struct storage_error error;
	int64_t number = 0;

	if (database_query(database, sql, on_number, &number, &error) != TG_OK) {
		fprintf(stderr, "# %s\n", error.text);
		abort();
	}
	database_close(database);
	return number;
}

/* The tables are gone; remove what a server that was killed in an ALTER TABLE has left of it. */
static void
remove_leftovers(const struct mariadb *server)
{
	char path[PATH_MAX_BYTES];

	(void)snprintf(path, sizeof path, "%s/data/tallygate", server->folder);
	must(nftw(path, remove_path, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove what is left");
	must(mkdir(path, 0700) == 0, "make the database's folder");
}

void
mariadb_reset(const struct mariadb *server)
{
	static const char drop[] = "DROP DATABASE IF EXISTS tallygate";
	struct database_config config = server->config;
	struct storage_error error;
	struct database *database;

	config.database = "mysql";
	database = connect_or_stop(&config);
	if (database_run(database, drop, NULL, &error) != TG_OK) {
		remove_leftovers(server);
		run_or_stop(database, drop);
	}
	run_or_stop(database, "CREATE DATABASE tallygate CHARACTER SET utf8mb4");
	database_close(database);
}
