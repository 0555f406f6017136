/*
 * fuzz_queue.c - the file of a till's queue, of any bytes.
 *
 * Checksums would keep every input out, so all but a few inputs get a sound head, and each entry
 * found at its place is made right before the queue is opened.  A queue that opens gives its rows,
 * takes marks and another request, and opens again with what it then had; one that does not says
 * why, and leaves the file as it is.
 */
#include "tests/fuzz.h"

#include <endian.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "protocol/queue.h"

#define FILE_BYTES_MAX (256 * 1024)
#define HEAD_BYTES 24
#define ENTRY_BYTES 28
#define CHECKSUM_AT 20
#define SALT UINT64_C(0x7461676c6c6974)
#define ROWS_LOOKED_AT 64

/* Bits of the first byte. */
enum {
	AS_IT_IS = 1,
	DROP = 2,
	RETRY = 4,
	ADD = 8,
};

static void
put_u64(uint8_t *bytes, uint64_t value)
{
	value = htole64(value);
	memcpy(bytes, &value, sizeof(value));
}

/* Make head and entries right, for as long as the sizes make sense. */
static void
mend(uint8_t *bytes, size_t count)
{
	size_t at = HEAD_BYTES;

	if (count < HEAD_BYTES)
		return;
	memcpy(bytes, "TGQUEUE1", 8);
	put_u64(bytes + 8, SALT);
	put_u64(bytes + 16, XXH3_64bits(bytes, 16));
	while (count - at >= ENTRY_BYTES) {
		uint8_t *entry = bytes + at;
		uint32_t payload;
		uint64_t seed;

		memcpy(entry, "entr", 4);
		memcpy(&payload, entry + 4, sizeof(payload));
		payload = le32toh(payload);
		if (payload > count - at - ENTRY_BYTES)
			return;
		seed = XXH3_64bits_withSeed(entry, CHECKSUM_AT, SALT ^ (uint64_t)at);
		put_u64(entry + CHECKSUM_AT,
			XXH3_64bits_withSeed(entry + ENTRY_BYTES, payload, seed));
		at += ENTRY_BYTES + payload;
	}
}

static void
write_file(const char *path, const uint8_t *bytes, size_t count)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	TG_ASSERT(fd >= 0 && write(fd, bytes, count) == (ssize_t)count);
	close(fd);
}

/* The file still has these bytes. */
static void
check_untouched(const char *path, const uint8_t *bytes, size_t count)
{
	static uint8_t found[FILE_BYTES_MAX + 1];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	TG_ASSERT(fd >= 0 && read(fd, found, sizeof(found)) == (ssize_t)count);
	TG_ASSERT(memcmp(found, bytes, count) == 0);
	close(fd);
}

/* A request of a till. */
static void
add(struct tg_queue *queue)
{
	struct tg_message request;
	struct tg_queue_row row;

	tg_message_init(&request, 0, TG_OP_EARN);
	tg_message_set_bytes(&request, TG_FIELD_TRANSACTION_ID, "fuzzfuzzfuzzfuzz", 16);
	tg_message_set_integer(&request, TG_FIELD_BUSINESS_TIME, 1);
	tg_message_set_integer(&request, TG_FIELD_MEMBER, 1);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, 1);
	if (tg_queue_add(queue, &request) == TG_OK)
		TG_ASSERT(tg_queue_find(queue, (const uint8_t *)"fuzzfuzzfuzzfuzz", &row));
	else
		TG_ASSERT(tg_queue_error(queue)[0] != '\0');
}

/* Read each row, and do with it what the input says. */
static void
look(struct tg_queue *queue, uint8_t how)
{
	uint8_t room[TG_QUEUE_ROOM_BYTES];
	struct tg_message request;
	struct tg_queue_row row;
	uint64_t after = 0;

	for (int i = 0; i < ROWS_LOOKED_AT && tg_queue_next(queue, after, &row); i++) {
		TG_ASSERT(row.number > after);
		TG_ASSERT(row.lane == TG_QUEUE_WAITING || row.lane == TG_QUEUE_ASIDE);
		after = row.number;
		if (tg_queue_read(queue, row.number, room, &request) == TG_OK)
			TG_ASSERT(request.code == (uint32_t)row.operation);
		if ((how & RETRY) != 0)
			(void)!tg_queue_retry(queue, row.number);
		else if ((how & DROP) != 0)
			(void)!tg_queue_drop(queue, row.number);
	}
}

static uint32_t
count_rows(struct tg_queue *queue)
{
	struct tg_queue_row row = { .number = 0 };
	uint32_t count = 0;

	while (tg_queue_next(queue, row.number, &row))
		count++;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	static uint8_t bytes[FILE_BYTES_MAX];
	const uint8_t how = data_bytes > 0 ? data[0] : 0;
	const size_t count = data_bytes > 0 ? data_bytes - 1 : 0;
	struct tg_queue *queue;
	char path[64], why[200] = "";
	enum tg_status status;
	uint32_t row_count;

	if (count > sizeof(bytes))
		return 0;
	memcpy(bytes, data + (data_bytes > 0), count);
	if ((how & AS_IT_IS) == 0)
		mend(bytes, count);
	snprintf(path, sizeof(path), "%s/tg-fuzz-queue-%d",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", getpid());
	write_file(path, bytes, count);
	status = tg_queue_open(path, 0, why, sizeof(why), &queue);
	if (status == TG_OK) {
		look(queue, how);
		if ((how & ADD) != 0)
			add(queue);
		row_count = count_rows(queue);
		tg_queue_close(queue);
		TG_ASSERT(tg_queue_open(path, 0, why, sizeof(why), &queue) == TG_OK);
		TG_ASSERT(count_rows(queue) == row_count);
		tg_queue_close(queue);
	} else {
		TG_ASSERT(status == TG_CORRUPT && why[0] != '\0');
		check_untouched(path, bytes, count);
	}
	unlink(path);
	return 0;
}

/* Append an entry of that kind, without its checksum.  Returns its end. */
static size_t
put_entry(uint8_t *bytes, uint32_t kind, uint64_t number, const void *payload, uint32_t count)
{
	const uint32_t length = htole32(count), wire = htole32(kind);

	memcpy(bytes, "entr", 4);
	memcpy(bytes + 4, &length, sizeof(length));
	memcpy(bytes + 8, &wire, sizeof(wire));
	put_u64(bytes + 12, number);
	memset(bytes + CHECKSUM_AT, 0, 8);
	memcpy(bytes + ENTRY_BYTES, payload, count);
	return ENTRY_BYTES + count;
}

/* An earn, and each kind of mark behind it. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	/* Stored at 1; [EARN, {id, time, member, amount}]. */
	static const uint8_t request[] = "\x01\0\0\0\0\0\0\0"
					 "\x92\x14\x84\x07\xc4\x10"
					 "abcdefghijklmnop\x08\x05\x09\x01\x0e\x64";
	static const uint8_t mark[] = { 20, 0, 0, 0 };

	for (uint32_t kind = 1; kind <= 6; kind++) {
		uint8_t seed[400] = { kind % 2 == 0 ? ADD | RETRY : ADD | DROP };
		size_t at = 1 + HEAD_BYTES;

		at += put_entry(seed + at, 1, 1, request, sizeof(request) - 1);
		at += put_entry(seed + at, kind, kind == 1 ? 2 : 1, kind == 1 ? request : mark,
				kind == 1 ? sizeof(request) - 1 : kind == 3 ? 4 : 0);
		sink->seed(sink->context, seed, at);
	}
	sink->word(sink->context, "entr", 4);
	sink->word(sink->context, "TGQUEUE1", 8);
}
