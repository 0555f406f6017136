/*
 * network.c - putting the network side together and taking it apart.
 */
#include "gateway/network.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/host.h"
#include "gateway/activation.h"
#include "gateway/auth.h"
#include "gateway/census.h"
#include "gateway/clock.h"
#include "gateway/fleet.h"
#include "gateway/identifier.h"
#include "gateway/io_thread.h"
#include "gateway/listener.h"
#include "gateway/log.h"
#include "gateway/meter.h"
#include "gateway/pipeline.h"
#include "gateway/sockets.h"
#include "gateway/tls.h"
#include "protocol/assert.h"

struct network_listener {
	int fd; /* owned until the I/O thread has it; -1 then */
	struct address address;
	bool is_tls;
};

struct network {
	struct network_options options;
	struct auth_keys auth_keys;
	struct identifier_keys identifier_keys;
	struct tls *tls; /* owned; NULL: plain only */
	struct census census;
	struct fleet *fleet; /* owned */
	uint32_t io_count;
	struct io **ios;    /* owned; io_count of them */
	pthread_t *threads; /* owned; of the first started_count */
	uint32_t started_count;
	struct network_listener listeners[IO_LISTENERS_MAX];
	uint32_t listener_count;
};

/* Open the listening sockets of one key.  An empty list asks for none. */
static enum tg_status
open_listeners(struct network *network, const char *key, const char *name, bool is_tls,
	       struct config_error *error)
{
	const struct config *config = network->options.config;
	const struct sockets_wish wish = {
		.key = key,
		.name = name,
		.addresses = is_tls ? &config->listen_tls : &config->listen_plain,
		.supervisor = network->options.supervisor,
		.is_loopback = !is_tls || config->clock_source == CLOCK_SOURCE_STEPPED,
		.backlog = (int)config->listen_backlog,
	};
	struct sockets sockets;
	enum tg_status status;

	if (wish.addresses->count == 0)
		return TG_OK;
	status = sockets_open(&wish, error, &sockets);
	if (status != TG_OK)
		return status;
	for (uint32_t i = 0; i < sockets.count; i++)
		network->listeners[network->listener_count++] =
			(struct network_listener){ .fd = sockets.fds[i],
						   .address = sockets.addresses[i],
						   .is_tls = is_tls };
	return TG_OK;
}

/* Make the I/O threads' state. */
static enum tg_status
make_ios(struct network *network)
{
	const struct config *config = network->options.config;

	network->ios = calloc((size_t)config->gateway_io_threads, sizeof(struct io *));
	network->threads = calloc((size_t)config->gateway_io_threads, sizeof(pthread_t));
	if (network->ios == NULL || network->threads == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < config->gateway_io_threads; i++) {
		struct io_options options = {
			.index = i,
			.count = (uint32_t)config->gateway_io_threads,
			.config = config,
			.pipeline = network->options.pipeline,
			.port = pipeline_io_port(network->options.pipeline, i),
			.tls = network->tls,
			.auth_keys = &network->auth_keys,
			.identifier_keys = &network->identifier_keys,
			.census = &network->census,
			.fleet = network->fleet,
			.log = network->options.log,
			.all = network->ios,
		};
		enum tg_status status = io_new(&options, &network->ios[i]);

		if (status != TG_OK)
			return status;
		network->io_count++;
	}
	return TG_OK;
}

enum tg_status
network_new(const struct network_options *options, struct config_error *error,
	    struct network **ret_network)
{
	const struct config *config = options->config;
	struct network *network = calloc(1, sizeof(*network));
	enum tg_status status;

	if (network == NULL)
		return TG_NO_MEMORY;
	network->options = *options;
	for (uint32_t i = 0; i < IO_LISTENERS_MAX; i++)
		network->listeners[i].fd = -1;
	error->text[0] = '\0';
	status = auth_keys_init(&network->auth_keys, config, error);
	if (status == TG_OK)
		status = identifier_keys_init(&network->identifier_keys, config, error);
	if (status == TG_OK && config->listen_tls.count > 0)
		status = tls_new(config, NULL, error, &network->tls);
	if (status == TG_OK)
		status = census_init(&network->census, (uint32_t)config->ledger_partners_max);
	if (status == TG_OK)
		status = fleet_new((uint32_t)config->ledger_terminals_max, &network->fleet);
	if (status == TG_OK)
		status = make_ios(network);
	if (status == TG_OK)
		status = open_listeners(network, "listen.tls", "tls", true, error);
	if (status == TG_OK)
		status = open_listeners(network, "listen.plain", "plain", false, error);
	if (status != TG_OK) {
		network_free(network);
		return status;
	}
	*ret_network = network;
	return TG_OK;
}

void
network_free(struct network *network)
{
	if (network == NULL)
		return;
	TG_ASSERT(network->started_count == 0);
	for (uint32_t i = 0; i < network->io_count; i++)
		io_free(network->ios[i]);
	for (uint32_t i = 0; i < network->listener_count; i++) {
		if (network->listeners[i].fd >= 0)
			close(network->listeners[i].fd);
	}
	free(network->ios);
	free(network->threads);
	census_deinit(&network->census);
	fleet_free(network->fleet);
	tls_free(network->tls);
	identifier_keys_deinit(&network->identifier_keys);
	auth_keys_deinit(&network->auth_keys);
	free(network);
}

static void *
thread_main(void *argument)
{
	(void)pthread_setname_np(pthread_self(), "io");
	io_run(argument);
	return NULL;
}

enum tg_status
network_start(struct network *network)
{
	sigset_t all, before;
	int result = 0;

	for (uint32_t i = 0; i < network->listener_count; i++) {
		io_listen(network->ios[0], network->listeners[i].fd, network->listeners[i].is_tls);
		network->listeners[i].fd = -1;
	}
	/* Signals are the control thread's; a broken connection must not raise SIGPIPE here. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (result == 0 && network->started_count < network->io_count) {
		uint32_t i = network->started_count;

		result = pthread_create(&network->threads[i], NULL, thread_main, network->ios[i]);
		if (result == 0)
			network->started_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0 ? TG_OK : TG_NO_MEMORY;
}

void
network_drain(struct network *network)
{
	for (uint32_t i = 0; i < network->io_count; i++)
		io_drain(network->ios[i]);
}

enum tg_status
network_serve(struct network *network, uint32_t partner, bool is_served)
{
	struct census *census = &network->census;
	struct census_partner *share = partner != 0 ? census_find(census, partner) : NULL;

	if (partner != 0 && share == NULL)
		return TG_TABLE_FULL;
	atomic_store(share != NULL ? &share->is_drained : &census->is_drained, !is_served);
	for (uint32_t i = 0; i < network->io_count; i++)
		io_review(network->ios[i]);
	return TG_OK;
}

bool
network_is_out(const struct network *network, uint32_t partner, uint32_t *ret_connections)
{
	const struct census *census = &network->census;
	const struct census_partner *share = census_look(census, partner);

	*ret_connections = 0;
	if (partner == 0)
		*ret_connections = atomic_load(&census->connections);
	else if (share != NULL)
		*ret_connections = atomic_load(&share->connections);
	return partner == 0 ? atomic_load(&census->is_drained) :
			      share != NULL && atomic_load(&share->is_drained);
}

bool
network_is_drained(const struct network *network)
{
	return atomic_load(&network->census.connections) == 0;
}

void
network_stop(struct network *network)
{
	for (uint32_t i = 0; i < network->started_count; i++)
		io_stop(network->ios[i]);
	for (uint32_t i = 0; i < network->started_count; i++)
		pthread_join(network->threads[i], NULL);
	network->started_count = 0;
}

enum tg_status
network_reload(struct network *network, const struct config *next, struct config_error *error)
{
	enum tg_status status = TG_OK;

	error->text[0] = '\0';
	if (network->tls != NULL)
		status = tls_reload(network->tls, next, error);
	if (status != TG_OK)
		return status;
	/* Nothing fails from here on: who has seen next may keep it. */
	network->options.config = next;
	for (uint32_t i = 0; i < network->io_count; i++)
		io_configure(network->ios[i], next);
	return TG_OK;
}

bool
network_address(const struct network *network, uint32_t nth, char *text, size_t text_bytes,
		bool *ret_is_tls)
{
	char printed[ADDRESS_TEXT_BYTES];

	if (nth >= network->listener_count)
		return false;
	address_print(&network->listeners[nth].address, printed);
	snprintf(text, text_bytes, "%s", printed);
	*ret_is_tls = network->listeners[nth].is_tls;
	return true;
}

static int
compare_sessions(const void *a, const void *b)
{
	const struct host_session *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

uint32_t
network_sessions(struct network *network, uint64_t after_id, struct host_session *rows,
		 uint32_t rows_max)
{
	struct host_session *all = calloc((size_t)network->io_count * rows_max, sizeof(*all));
	uint32_t count = 0;

	if (all == NULL)
		return 0;
	for (uint32_t i = 0; i < network->io_count; i++)
		count += io_sessions(network->ios[i], after_id, all + count, rows_max);
	qsort(all, count, sizeof(*all), compare_sessions);
	count = count < rows_max ? count : rows_max;
	memcpy(rows, all, count * sizeof(*rows));
	free(all);
	return count;
}

void
network_kill(struct network *network, uint64_t session)
{
	for (uint32_t i = 0; i < network->io_count; i++) {
		if (io_kill(network->ios[i], session) != TG_OK)
			log_event(network->options.log, LEVEL_ERROR, "kill_failed", "io=%u", i);
	}
}

enum tg_status
network_hash_identifier(struct network *network, uint8_t type, const char *text,
			struct identifier_hash *ret_hash)
{
	struct identifier_hasher hasher;
	size_t bytes = strlen(text);
	enum tg_status status;

	if (type == 0 || bytes == 0 || bytes > TG_IDENTIFIER_BYTES_MAX)
		return TG_BAD_FIELD;
	status = identifier_hasher_init(&hasher, &network->identifier_keys);
	if (status == TG_OK)
		status = identifier_hash(&hasher, type, (const uint8_t *)text, bytes, ret_hash);
	identifier_hasher_deinit(&hasher);
	return status;
}

enum tg_status
network_make_code(const struct network *network, uint32_t terminal, char *ret_code,
		  uint8_t *ret_hash)
{
	return activation_make_code(&network->auth_keys, terminal, ret_code, ret_hash);
}

struct network_figures
network_figures(const struct network *network)
{
	const struct census *census = &network->census;

	struct network_figures figures = {
		.connections = atomic_load(&census->connections),
		.handshakes = atomic_load(&census->handshakes),
		.accepted = atomic_load(&census->accepted_count),
		.refused = atomic_load(&census->refused_count),
		.handshake_failures = atomic_load(&census->handshake_failures),
		.auth_failures = atomic_load(&census->auth_failures),
		.activations = atomic_load(&census->activations),
		.activation_failures = atomic_load(&census->activation_failures),
	};

	for (uint32_t i = 0; i < network->io_count; i++) {
		const struct meter *meter = io_meter(network->ios[i]);

		figures.requests += figure_read(&meter->requests);
		figures.items += figure_read(&meter->items);
		figures.busy += figure_read(&meter->busy);
	}
	return figures;
}

int64_t
network_cpu_us(const struct network *network, uint32_t io_index)
{
	return io_index < network->started_count ? clock_cpu_us(network->threads[io_index]) : -1;
}

struct fleet *
network_fleet(const struct network *network)
{
	return network->fleet;
}

const struct census *
network_census(const struct network *network)
{
	return &network->census;
}

uint32_t
network_meters(const struct network *network, const struct meter **ret_meters)
{
	for (uint32_t i = 0; i < network->io_count; i++)
		ret_meters[i] = io_meter(network->ios[i]);
	return network->io_count;
}

uint32_t
network_stuck(const struct network *network, uint32_t *ret_indices)
{
	int64_t now_us = clock_mono_us();
	uint32_t count = 0;

	for (uint32_t i = 0; i < network->io_count; i++) {
		int64_t turned_us = atomic_load(&io_meter(network->ios[i])->turned_at_us);

		if (turned_us != 0 && now_us - turned_us >= NETWORK_STUCK_US)
			ret_indices[count++] = i;
	}
	return count;
}
