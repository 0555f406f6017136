/*
 * fuzz_wellformed.c - the pre-scan and msgpack-c must agree on what is well formed.
 *
 * What the pre-scan accepts is what prescan.h says, no more and no less: the same words are said
 * here of the objects that msgpack-c makes, and both must come to the same end.
 */
#include <msgpack.h>

#include "protocol/assert.h"
#include "protocol/prescan.h"
#include "tests/fuzz.h"
#include "tests/protocol/fuzz_tables.h"

/*
 * Does a length stand anywhere that no input of this size can have?  msgpack-c would ask for all
 * that memory first.  Such heads are test_prescan's business.
 */
static bool
is_greedy(const uint8_t *data, size_t data_bytes)
{
	for (size_t i = 0; i + 5 <= data_bytes; i++) {
		uint32_t length = (uint32_t)data[i + 1] << 24 | (uint32_t)data[i + 2] << 16 |
				  (uint32_t)data[i + 3] << 8 | data[i + 4];

		if ((data[i] == 0xdd || data[i] == 0xdf) && length > data_bytes)
			return true;
	}
	return false;
}

static bool
is_unsigned(const msgpack_object *object, uint64_t most)
{
	return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= most;
}

static bool is_value(const msgpack_object *object, unsigned depth);

/* Keys are field numbers, none twice. */
static bool
is_map(const msgpack_object_map *map, unsigned depth)
{
	bool met[TG_FIELD_NUMBER_MAX + 1] = { false };

	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *key = &map->ptr[i].key;

		if (!is_unsigned(key, TG_FIELD_NUMBER_MAX) || met[key->via.u64])
			return false;
		met[key->via.u64] = true;
		if (!is_value(&map->ptr[i].val, depth + 1))
			return false;
	}
	return true;
}

/* depth: containers around it.  Maps are where a body can be: of the frame, or of an item. */
static bool
is_value(const msgpack_object *object, unsigned depth)
{
	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_BOOLEAN:
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
	case MSGPACK_OBJECT_STR:
	case MSGPACK_OBJECT_BIN:
		return true;
	case MSGPACK_OBJECT_ARRAY:
		if (depth >= TG_DEPTH_MAX || object->via.array.size > TG_ARRAY_LENGTH_MAX)
			return false;
		for (uint32_t i = 0; i < object->via.array.size; i++)
			if (!is_value(&object->via.array.ptr[i], depth + 1))
				return false;
		return true;
	case MSGPACK_OBJECT_MAP:
		return (depth == 1 || depth == 4) && is_map(&object->via.map, depth);
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return false;
}

static bool
is_frame(const msgpack_object *object)
{
	const msgpack_object *parts = object->via.array.ptr;

	return object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size == 3 &&
	       is_unsigned(&parts[0], UINT32_MAX) && is_unsigned(&parts[1], UINT16_MAX) &&
	       parts[2].type == MSGPACK_OBJECT_MAP && is_value(&parts[2], 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	msgpack_unpacked result;
	struct tg_scan scan;
	size_t offset = 0;
	bool is_wanted;

	if (is_greedy(data, data_bytes))
		return 0;
	msgpack_unpacked_init(&result);
	is_wanted = msgpack_unpack_next(&result, (const char *)data, data_bytes, &offset) ==
			    MSGPACK_UNPACK_SUCCESS &&
		    offset == data_bytes && is_frame(&result.data);
	TG_ASSERT((tg_prescan(data, data_bytes, &scan) == TG_OK) == is_wanted);
	if (is_wanted) {
		const msgpack_object *parts = result.data.via.array.ptr;

		TG_ASSERT(scan.request_id == parts[0].via.u64 && scan.code == parts[1].via.u64);
		TG_ASSERT(scan.field_count == parts[2].via.map.size);
	}
	msgpack_unpacked_destroy(&result);
	return 0;
}

void
fuzz_seeds(const struct fuzz_sink *sink)
{
	const struct fuzz_form form = { .request_id = 7 };

	fuzz_seed_requests(sink, &form);
	fuzz_word_frames(sink);
}
