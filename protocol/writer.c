/*
 * writer.c - msgpack values into a buffer of the caller's, by msgpack-c's packer.
 */
#include "protocol/writer.h"

#include <msgpack/pack.h>
#include <string.h>

void
tg_writer_init(struct tg_writer *writer, void *base, size_t capacity_bytes)
{
	writer->base = base;
	writer->capacity_bytes = capacity_bytes;
	writer->used_bytes = 0;
	writer->is_full = false;
}

void
tg_write_raw(struct tg_writer *writer, const void *data, size_t bytes)
{
	if (writer->is_full || bytes > writer->capacity_bytes - writer->used_bytes) {
		writer->is_full = true;
		return;
	}
	if (bytes > 0)
		memcpy(writer->base + writer->used_bytes, data, bytes);
	writer->used_bytes += bytes;
}

/* msgpack_packer_write: never fails, because the writer remembers. */
static int
on_packed(void *data, const char *bytes, size_t count)
{
	tg_write_raw(data, bytes, count);
	return 0;
}

/* A packer that writes into the writer. */
static msgpack_packer
packer(struct tg_writer *writer)
{
	return (msgpack_packer){ .data = writer, .callback = on_packed };
}

void
tg_write_integer(struct tg_writer *writer, int64_t integer)
{
	msgpack_packer pk = packer(writer);

	msgpack_pack_int64(&pk, integer);
}

void
tg_write_bool(struct tg_writer *writer, bool is_true)
{
	msgpack_packer pk = packer(writer);

	if (is_true)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
}

void
tg_write_bin(struct tg_writer *writer, const void *data, uint32_t bytes)
{
	msgpack_packer pk = packer(writer);

	msgpack_pack_bin(&pk, bytes);
	tg_write_raw(writer, data, bytes);
}

void
tg_write_str(struct tg_writer *writer, const void *data, uint32_t bytes)
{
	msgpack_packer pk = packer(writer);

	msgpack_pack_str(&pk, bytes);
	tg_write_raw(writer, data, bytes);
}

void
tg_write_array(struct tg_writer *writer, uint32_t count)
{
	msgpack_packer pk = packer(writer);

	msgpack_pack_array(&pk, count);
}

void
tg_write_map(struct tg_writer *writer, uint32_t count)
{
	msgpack_packer pk = packer(writer);

	msgpack_pack_map(&pk, count);
}
