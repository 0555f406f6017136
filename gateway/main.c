/*
 * main.c - tallygated: the command line, and the process around the gateway.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/log.h"
#include "gateway/zone.h"
#include "programme/programme.h"

#define CONFIG_PATH_DEFAULT SYSCONFDIR "/tallygate/tallygate.conf"

/* What the command line asks for. */
struct options {
	const char *path;		/* of the configuration; NULL: all defaults */
	const char *programme;		/* file to check; NULL: none */
	bool	 is_check;
	bool	 is_print;
};

/* clang-format off */
static const char usage_text[] =
	"Usage: tallygated [--config FILE] [--foreground]\n"
	"       tallygated [--config FILE] --check-config | --print-config\n"
	"       tallygated --check-programme FILE\n"
	"       tallygated --help | --version\n"
	"\n"
	"  -c, --config FILE   configuration (" CONFIG_PATH_DEFAULT ")\n"
	"      --check-config  read it, say what is wrong, and stop\n"
	"      --print-config  print every value in force, and stop\n"
	"      --check-programme FILE  say what is wrong with a programme file\n"
	"  -f, --foreground    do not leave the terminal; it never does\n"
	"  -h, --help          this text\n"
	"  -V, --version       the version\n"
	"\n"
	"SIGTERM and SIGINT end in order, SIGHUP reads the configuration again.\n"
	"Exit codes: 64 command line, 65 data damaged, 74 disk, 75 data in use,\n"
	"78 configuration.\n";
/* clang-format on */

/* -1: go on; else the exit code. */
static int
read_options(int argc, char **argv, struct options *options)
{
	enum { CHECK = 256, PROGRAMME, PRINT };
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, CHECK },
		{ "check-programme", required_argument, NULL, PROGRAMME },
		{ "print-config", no_argument, NULL, PRINT },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:fhV", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->path = optarg;
			break;
		case CHECK:
			options->is_check = true;
			break;
		case PROGRAMME:
			options->programme = optarg;
			break;
		case PRINT:
			options->is_print = true;
			break;
		case 'f':
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EX_OK;
		case 'V':
			puts(PACKAGE_STRING);
			return EX_OK;
		default:
			fputs(usage_text, stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage_text, stderr);
	return EX_USAGE;
}

/* What the key table cannot check: is there such a time zone on this machine? */
static bool
check_zone(const struct config *config)
{
	struct zone *zone;

	if (zone_new(config->programme_zone, &zone) != TG_OK) {
		fprintf(stderr, "tallygated: programme.zone: no time zone %s\n",
			config->programme_zone);
		return false;
	}
	zone_free(zone);
	return true;
}

static void
print_programme_error(void *context, unsigned line, const char *text)
{
	const struct options *options = context;

	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", options->programme, line, text);
	else
		fprintf(stderr, "%s: %s\n", options->programme, text);
}

/* Exit code: 0, or 1 when something is wrong with the file. */
static int
check_programme(struct options *options)
{
	const char *path = options->programme;
	struct programme_file file;
	enum tg_status status =
		programme_file_read(path, print_programme_error, options, &file);

	if (status == TG_NO_MEMORY)
		fprintf(stderr, "tallygated: %s\n", tg_status_text(status));
	if (status != TG_OK)
		return 1;
	printf("%s: ok, %u rates, campaigns and exchanges\n", path, file.rule_count);
	programme_file_deinit(&file);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* What the process needs of the system, whatever it was started with. */
static void
prepare_process(void)
{
	struct rlimit files, core;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(0027);
	/* OpenSSL keeps copies of keys, buffers what tills say.  Root may still raise it. */
	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &core);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	struct options options = { .path = CONFIG_PATH_DEFAULT };
	struct config_error error;
	struct config *config;
	struct log *log;
	enum tg_status status;
	int code = read_options(argc, argv, &options);

	if (code >= 0)
		return code;
	if (options.programme != NULL)
		return check_programme(&options);
	status = config_load(options.path, &error, &config);
	if (status != TG_OK) {
		fprintf(stderr, "tallygated: %s\n",
			status == TG_CONFIG ? error.text : tg_status_text(status));
		return gateway_exit_code(status);
	}
	if (options.is_print)
		config_print(config, stdout);
	if (options.is_check && !check_zone(config))
		status = TG_CONFIG;
	else if (options.is_check)
		printf("%s: ok\n", options.path);
	if (options.is_print || options.is_check) {
		config_free(config);
		return fflush(stdout) == 0 ? gateway_exit_code(status) : EX_IOERR;
	}
	prepare_process();
	log = log_new(&(struct log_options){ .fd = STDERR_FILENO,
					     .level = (enum log_level)config->log_level });
	if (log == NULL) {
		config_free(config);
		return EX_OSERR;
	}
	code = gateway_run(config, log);
	log_free(log);
	return code;
}
