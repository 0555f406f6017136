/*
 * fuzz_snapshot.c - a snapshot file with any changes in it.
 *
 * An input is a list of changes to a sound file: where, and what to put there or where to cut.
 * Checksums would keep every change out, so all but a few inputs have them made right again.  What
 * is loaded has the state hash that the file tells; what is not leaves the tables empty, and says
 * why.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/bytes.h"
#include "storage/snapshot_format.h"
#include "tests/fuzz.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/snapshot_fixture.h"

#define DIRECTORY "/data"
#define SEQUENCE 7
#define ROWS_MAX 24
#define CAPACITY_BYTES (4 * 1024 * 1024)
#define PLACE_BYTES 512

/* Change of four bytes: place, high byte first; what to do; the byte. */
enum { CHANGE_BYTES = 4, CUT = 0, FLIP = 1, ADD = 2 };

struct sound_file {
	uint8_t *bytes; /* kept for all inputs */
	size_t bytes_count;
	char path[PLACE_BYTES];
};

/* Make a disk with a directory. */
static struct sim_disk *
make_disk(struct storage_io *io)
{
	struct sim_disk *disk = sim_disk_new(1, CAPACITY_BYTES);
	struct storage_error error;

	sim_disk_io(disk, io);
	TG_ASSERT(io->make_directory(io->context, DIRECTORY, &error) == TG_OK);
	return disk;
}

/* The file of some tables, once. */
static const struct sound_file *
sound_file(void)
{
	static struct sound_file sound;
	struct fixture_tables tables;
	struct snapshot_config config = { .directory = DIRECTORY,
					  .instance = FIXTURE_INSTANCE,
					  .set = &tables.set,
					  .block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
					  .is_inline = true };
	char name[STORAGE_NAME_BYTES_MAX];
	struct snapshot *snapshot;
	struct storage_io io;
	struct sim_disk *disk;
	const uint8_t *bytes;

	if (sound.bytes != NULL)
		return &sound;
	disk = make_disk(&io);
	config.io = &io;
	fixture_tables_init(&tables, ROWS_MAX, 1);
	fixture_change(&tables, 200);
	snapshot = snapshot_new(&config);
	TG_ASSERT(snapshot != NULL && snapshot_begin(snapshot, SEQUENCE, "blob", 4) == TG_OK);
	snapshot_finish(snapshot, SEQUENCE);
	while (snapshot_step(snapshot, 0) != SNAPSHOT_IDLE)
		fixture_change(&tables, 3);
	TG_ASSERT(snapshot_result(snapshot)->status == TG_OK);
	snapshot_file_name(SEQUENCE, name);
	snprintf(sound.path, sizeof(sound.path), "%s/%s", DIRECTORY, name);
	bytes = sim_disk_get(disk, sound.path, &sound.bytes_count);
	TG_ASSERT(bytes != NULL);
	sound.bytes = malloc(sound.bytes_count);
	TG_ASSERT(sound.bytes != NULL);
	memcpy(sound.bytes, bytes, sound.bytes_count);
	snapshot_free(snapshot);
	fixture_tables_deinit(&tables);
	sim_disk_free(disk);
	return &sound;
}

/* Do what the input says.  Returns how many bytes are left. */
static size_t
change(const uint8_t *data, size_t data_bytes, uint8_t *bytes, size_t bytes_count)
{
	for (; data_bytes >= CHANGE_BYTES; data += CHANGE_BYTES, data_bytes -= CHANGE_BYTES) {
		size_t place = (size_t)data[0] << 8 | data[1];

		if (place >= bytes_count)
			continue;
		if (data[2] == CUT)
			bytes_count = place;
		else if (data[2] == FLIP)
			bytes[place] ^= data[3];
		else if (data[2] == ADD)
			bytes[place] = (uint8_t)(bytes[place] + data[3]);
		else
			bytes[place] = data[3];
	}
	return bytes_count;
}

/* Make the checksum of a block and of its head right; the last block tells of all before it. */
static void
mend_block(uint8_t *bytes, size_t at, uint32_t payload_bytes)
{
	struct snapshot_block_head head = { .kind = bytes_get_u32(bytes + at),
					    .payload_bytes = payload_bytes,
					    .number = bytes_get_u64(bytes + at + 8) };
	uint8_t *payload = bytes + at + SNAPSHOT_BLOCK_HEAD_BYTES;

	if (head.kind == SNAPSHOT_BLOCK_END && payload_bytes == SNAPSHOT_END_BYTES) {
		XXH128_hash_t whole = XXH3_128bits(bytes, at);
		struct snapshot_end end;

		snapshot_decode_end(payload, &end);
		end.bytes = at;
		end.whole = (struct state_hash){ .low = whole.low64, .high = whole.high64 };
		snapshot_encode_end(&end, payload);
	}
	head.payload_checksum = XXH3_64bits(payload, payload_bytes);
	snapshot_encode_block_head(&head, SEQUENCE, bytes + at);
}

/* Make checksums right, for as long as the sizes make sense. */
static void
mend(uint8_t *bytes, size_t bytes_count)
{
	size_t rest_bytes, at;

	if (bytes_count < SNAPSHOT_HEAD_BYTES)
		return;
	rest_bytes = bytes_get_u32(bytes + 12);
	if (rest_bytes > bytes_count - SNAPSHOT_HEAD_BYTES)
		return;
	bytes_put_u64(bytes + 16, XXH3_64bits(bytes + SNAPSHOT_HEAD_BYTES, rest_bytes));
	bytes_put_u64(bytes + 24, XXH3_64bits(bytes, 24));
	at = SNAPSHOT_HEAD_BYTES + rest_bytes;
	while (bytes_count - at >= SNAPSHOT_BLOCK_HEAD_BYTES) {
		uint32_t payload_bytes = bytes_get_u32(bytes + at + 4);

		if (payload_bytes > bytes_count - at - SNAPSHOT_BLOCK_HEAD_BYTES)
			return;
		mend_block(bytes, at, payload_bytes);
		at += SNAPSHOT_BLOCK_HEAD_BYTES + payload_bytes;
	}
}

static void
load(const struct storage_io *io)
{
	struct fixture_tables tables;
	struct snapshot_load_config config = fixture_load_config(&tables, io, DIRECTORY);
	struct storage_error error = { .status = TG_OK };
	struct snapshot_info info;

	fixture_tables_init(&tables, ROWS_MAX, 1);
	if (snapshot_load(&config, SEQUENCE, &info, &error) == TG_OK) {
		TG_ASSERT(info.sequence == SEQUENCE);
		TG_ASSERT(state_hash_equal(info.hash, table_set_hash_recompute(&tables.set)));
	} else {
		TG_ASSERT(error.text[0] != '\0');
		fixture_assert_empty(&tables);
	}
	fixture_tables_deinit(&tables);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	const struct sound_file *sound = sound_file();
	struct storage_io io;
	struct sim_disk *disk;
	uint8_t *bytes;
	size_t bytes_count;

	if (data_bytes == 0)
		return 0;
	bytes = malloc(sound->bytes_count);
	TG_ASSERT(bytes != NULL);
	memcpy(bytes, sound->bytes, sound->bytes_count);
	bytes_count = change(data + 1, data_bytes - 1, bytes, sound->bytes_count);
	if (data[0] != 0)
		mend(bytes, bytes_count);
	disk = make_disk(&io);
	sim_disk_put(disk, sound->path, bytes, bytes_count);
	load(&io);
	sim_disk_free(disk);
	free(bytes);
	return 0;
}

/* Each byte of the file's head and of each block's, changed; and a cut before and after each. */
static void
give_changes(const struct fuzz_sink *sink, size_t place, uint32_t count)
{
	static const uint8_t bytes[] = { 1, 0x80, 0xff };

	for (uint32_t i = 0; i < count; i++, place++) {
		const uint8_t high = (uint8_t)(place >> 8), low = (uint8_t)place;

		for (uint8_t what = CUT; what <= ADD; what++) {
			uint8_t seed[1 + CHANGE_BYTES] = { 1, high, low, what,
							   bytes[i % sizeof(bytes)] };

			if (what != CUT || i == 0 || i + 1 == count)
				sink->seed(sink->context, seed, sizeof(seed));
		}
	}
}

void
fuzz_seeds(const struct fuzz_sink *sink)
{
	const struct sound_file *sound = sound_file();
	size_t at = SNAPSHOT_HEAD_BYTES + bytes_get_u32(sound->bytes + 12);

	give_changes(sink, 0, (uint32_t)at);
	while (sound->bytes_count - at >= SNAPSHOT_BLOCK_HEAD_BYTES) {
		uint8_t word[] = { (uint8_t)(at >> 8), (uint8_t)at, CUT, 0 };

		give_changes(sink, at, SNAPSHOT_BLOCK_HEAD_BYTES + 8);
		sink->word(sink->context, word, sizeof(word));
		at += SNAPSHOT_BLOCK_HEAD_BYTES + bytes_get_u32(sound->bytes + at + 4);
	}
}
