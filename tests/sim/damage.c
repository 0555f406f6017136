/*
 * damage.c - what time and other programs do to files.
 */
#include "tests/sim/damage.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/bytes.h"
#include "storage/segment.h"
#include "tests/sim/audit.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"

#define BLOCK_BYTES 4096
#define AT_VERSION 8
#define AT_CHECKSUM (SEGMENT_HEADER_BYTES - 8)

/* A file of journal or snapshots, or NULL. */
static const char *
draw_file(struct sim *sim, const struct sim_disk *disk)
{
	const char *prefix = chance_once_in(&sim->chance, 4) ? NODE_DIRECTORY "/snapshot-" :
							       NODE_DIRECTORY "/0";
	size_t count = 0;

	while (sim_disk_path(disk, prefix, count) != NULL)
		count++;
	if (count == 0)
		return NULL;
	return sim_disk_path(disk, prefix, (size_t)chance_below(&sim->chance, (int64_t)count));
}

/* How far a file holds anything: segments are zeros behind that. */
static size_t
used_bytes(const uint8_t *bytes, size_t count)
{
	while (count > 0 && bytes[count - 1] == 0)
		count--;
	return count;
}

/* A header of tomorrow's format, whole; its checksum ends it in every version. */
static void
renew(struct sim *sim, struct sim_disk *disk, const char *path)
{
	uint8_t header[SEGMENT_HEADER_BYTES];
	size_t count;
	const uint8_t *bytes = sim_disk_get(disk, path, &count);

	if (count < sizeof(header) || bytes_get_u32(bytes + AT_VERSION) != SEGMENT_VERSION)
		return;
	sim_tell(sim, "%s is of a newer version", path);
	memcpy(header, bytes, sizeof(header));
	bytes_put_u32(header + AT_VERSION, SEGMENT_VERSION + 1);
	bytes_put_u64(header + AT_CHECKSUM, segment_checksum(header, AT_CHECKSUM));
	for (size_t at = 0; at < sizeof(header); at++) {
		if (header[at] != bytes[at])
			sim_disk_flip(disk, path, at, header[at] ^ bytes[at]);
	}
}

/* One bit; or a block that was never written, or went to the place of another. */
static void
spoil(struct sim *sim, struct sim_disk *disk, const char *path)
{
	static uint8_t copy[8 * 1024 * 1024];
	size_t count;
	const uint8_t *bytes = sim_disk_get(disk, path, &count);
	size_t used = used_bytes(bytes, count);
	size_t at, from;

	if (used == 0 || count > sizeof(copy))
		return;
	at = (size_t)chance_below(&sim->chance, (int64_t)used);
	if (chance_once_in(&sim->chance, 2)) {
		sim_tell(sim, "a bit of %s is flipped at %zu of %zu", path, at, used);
		sim_disk_flip(disk, path, at, (uint8_t)(1 << chance_below(&sim->chance, 8)));
		return;
	}
	memcpy(copy, bytes, count);
	at = at / BLOCK_BYTES * BLOCK_BYTES;
	from = (size_t)chance_below(&sim->chance, (int64_t)used) / BLOCK_BYTES * BLOCK_BYTES;
	if (at + BLOCK_BYTES > count || from + BLOCK_BYTES > count)
		return;
	if (chance_once_in(&sim->chance, 2)) {
		sim_tell(sim, "a block of %s is lost at %zu of %zu", path, at, used);
		memset(copy + at, 0, BLOCK_BYTES);
	} else {
		sim_tell(sim, "a block of %s is at %zu, not %zu, of %zu", path, at, from, used);
		memcpy(copy + at, bytes + from, BLOCK_BYTES);
	}
	sim_disk_put(disk, path, copy, count);
}

void
damage_try(struct sim *sim)
{
	struct sim_disk *disk = sim_disk_copy(sim->disk, chance_next(&sim->chance));
	struct recovery_config config = sim->node->recovery_config;
	struct storage_error error = { .status = TG_OK };
	struct recovery recovery;
	struct storage_io io;
	enum tg_status status;
	const char *path = draw_file(sim, disk);

	if (path == NULL) {
		sim_disk_free(disk);
		return;
	}
	if (chance_once_in(&sim->chance, 8) && strstr(path, "/snapshot-") == NULL)
		renew(sim, disk, path);
	else if (chance_once_in(&sim->chance, 8))
		config.journal.instance = "other";
	else
		spoil(sim, disk, path);
	sim_disk_io(disk, &io);
	config.journal.io = &io;
	status = recovery_run(&config, &recovery, &error);
	sim->figures->damages++;
	if (status == TG_OK) {
		audit_judge(sim, recovery.ledger, sim->node->batch_before);
		journal_close(recovery.journal);
		ledger_free(recovery.ledger);
	} else {
		sim->figures->damages_named++;
		sim->figures->statuses[status]++;
		sim_tell(sim, "damage is named: %s", error.text);
		if (error.text[0] == '\0' || (status != TG_CORRUPT && status != TG_CONFIG &&
					      status != TG_TOO_NEW))
			sim_fail(sim, "damage is called %s: %s", tg_status_name(status),
				 error.text);
	}
	sim_disk_free(disk);
}
