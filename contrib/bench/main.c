/*
 * main.c - bench-load: one run of load on one system, one line of JSON.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "contrib/bench/bench.h"

static const struct bench_system *const systems[] = { &bench_echo, &bench_tallygate, &bench_redis,
						      &bench_tarantool };

static bool
find_system(struct bench *bench, struct failure *failure)
{
	if (strcmp(bench->options->system, "mariadb") == 0)
		return true;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (strcmp(bench->options->system, systems[i]->name) == 0)
			bench->system = systems[i];
	}
	return bench->system != NULL ||
	       failure_set(failure, "--system: \"%s\" is not known", bench->options->system);
}

static bool
read_terminals(struct bench *bench, struct failure *failure)
{
	const char *path = bench->options->terminals;
	FILE *file;
	bool is_ok;

	if (bench->system != &bench_tallygate)
		return true;
	if (path == NULL || bench->options->master_key == NULL)
		return failure_set(failure, "--terminals and --master-key are needed");
	file = fopen(path, "r");
	if (file == NULL)
		return failure_set(failure, "%s cannot be read", path);
	is_ok = terminals_read(file, path, &bench->terminals, failure) &&
		terminals_read_master(&bench->terminals, bench->options->master_key, failure);
	fclose(file);
	return is_ok;
}

static void
print_result(const struct bench *bench)
{
	const struct bench_options *options = bench->options;
	const struct histogram *latency = &bench->latency;
	double seconds = (double)(bench->end_ns - bench->measured_ns) / 1e9;
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("{\"system\": \"%s\", \"connections\": %llu, \"depth\": %llu, \"batch\": %llu, "
	       "\"rate\": %llu, \"tls\": %s, \"seconds\": %.3f, \"done\": %llu, "
	       "\"refused\": %llu, \"per_second\": %.1f, \"requests\": %llu, ",
	       options->system, (unsigned long long)options->connections,
	       (unsigned long long)options->depth, (unsigned long long)options->batch,
	       (unsigned long long)options->rate, options->ca != NULL ? "true" : "false", seconds,
	       (unsigned long long)bench->ok_count, (unsigned long long)bench->refused_count,
	       (double)bench->ok_count / seconds, (unsigned long long)latency->count);
	printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"max_us\": %.1f, \"client_cpu_s\": %.3f}\n",
	       (double)histogram_quantile_ns(latency, 0.5) / 1e3,
	       (double)histogram_quantile_ns(latency, 0.9) / 1e3,
	       (double)histogram_quantile_ns(latency, 0.99) / 1e3,
	       (double)histogram_quantile_ns(latency, 0.999) / 1e3, (double)latency->max_ns / 1e3,
	       (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

static bool
run(struct bench *bench, struct failure *failure)
{
	const struct bench_options *options = bench->options;
	const struct endpoint_options endpoint = {
		.host = options->host,
		.port = options->port,
		.is_plain = options->ca == NULL,
		.ca_file = options->ca,
		.server_name = "localhost",
	};
	bool is_ok;

	if (!find_system(bench, failure) || !read_terminals(bench, failure))
		return false;
	prng_init(&bench->prng, options->seed != 0 ? options->seed : bench_now_ns());
	if (bench->system == NULL)
		return bench_mariadb_run(bench, failure);
	if (!endpoint_init(&bench->endpoint, &endpoint, failure))
		return false;
	is_ok = bench_run(bench, failure);
	endpoint_deinit(&bench->endpoint);
	return is_ok;
}

int
main(int argc, char *argv[])
{
	struct bench_options options;
	struct bench *bench = calloc(1, sizeof(*bench));
	struct failure failure;
	bool is_ok;

	signal(SIGPIPE, SIG_IGN);
	if (bench == NULL)
		return EXIT_FAILURE;
	bench->options = &options;
	is_ok = bench_options_read(&options, argc, argv, &failure) && run(bench, &failure);
	if (is_ok)
		print_result(bench);
	else
		fprintf(stderr, "bench-load: %s\n", failure.text);
	free(bench->stamp.base);
	terminals_deinit(&bench->terminals);
	free(bench);
	return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
