/*
 * proof.c - a day's transactions as counts, sums and digests, by which two sides find what differs.
 */
#include "protocol/proof.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "protocol/assert.h"

#define ITEM_LABEL "tallygate day item v1"
#define LINK_LABEL "tallygate day link v1"
#define HOUR_MS 3600000
#define HOURS 24
#define SHA256_BYTES 32
#define INPUT_BYTES_MAX 96

static_assert(HOURS * TG_PROOF_KINDS == TG_BUCKETS_MAX && TG_BUCKETS_MAX >= 256,
	      "room for every part of a division");

const uint8_t tg_proof_kinds[TG_PROOF_KINDS] = {
	TG_OP_ENROLL,  TG_OP_LINK,    TG_OP_UNLINK, TG_OP_EARN,	   TG_OP_BURN,	  TG_OP_HOLD,
	TG_OP_CAPTURE, TG_OP_RELEASE, TG_OP_REFUND, TG_OP_REVERSE, TG_OP_CONFIRM, TG_OP_EXCHANGE,
	TG_OP_TOP_UP,  TG_OP_PAY,
};

/* The kind's place in the list; TG_PROOF_KINDS: none. */
static uint32_t
kind_index(uint32_t kind)
{
	uint32_t index = 0;

	while (index < TG_PROOF_KINDS && tg_proof_kinds[index] != kind)
		index++;
	return index;
}

bool
tg_proof_has_kind(uint32_t kind)
{
	return kind_index(kind) < TG_PROOF_KINDS;
}

uint32_t
tg_proof_hour(int64_t business_time_utc_ms)
{
	return (uint32_t)(business_time_utc_ms / HOUR_MS % HOURS);
}

/* What is hashed, being put together. */
struct input {
	uint8_t bytes[INPUT_BYTES_MAX];
	size_t used;
};

static void
put_bytes(struct input *input, const void *data, size_t bytes)
{
	TG_ASSERT(input->used + bytes <= sizeof(input->bytes));
	memcpy(input->bytes + input->used, data, bytes);
	input->used += bytes;
}

/* So many bytes, big endian. */
static void
put_integer(struct input *input, int64_t integer, unsigned bytes)
{
	for (unsigned i = bytes; i > 0; i--) {
		const uint8_t byte = (uint8_t)((uint64_t)integer >> (8 * (i - 1)));

		put_bytes(input, &byte, 1);
	}
}

static void
hash(const struct input *input, uint8_t ret_hash[SHA256_BYTES])
{
	/* It needs memory only, and a proof without it would be worth nothing. */
	const int is_hashed = EVP_Digest(input->bytes, input->used, ret_hash, NULL, EVP_sha256(),
					 NULL);

	TG_ASSERT(is_hashed == 1);
}

void
tg_proof_place(const uint8_t id[TG_TRANSACTION_ID_BYTES], uint8_t ret_place[TG_PREFIX_BYTES_MAX])
{
	struct input input = { .used = 0 };
	uint8_t hashed[SHA256_BYTES];

	put_bytes(&input, id, TG_TRANSACTION_ID_BYTES);
	hash(&input, hashed);
	memcpy(ret_place, hashed, TG_PREFIX_BYTES_MAX);
}

bool
tg_selection_has(const struct tg_selection *selection, const struct tg_proof_item *item)
{
	uint8_t place[TG_PREFIX_BYTES_MAX];

	if (selection->has_hour && selection->hour != tg_proof_hour(item->business_time_utc_ms))
		return false;
	if (selection->kind != 0 && selection->kind != item->kind)
		return false;
	if (selection->prefix_bytes == 0)
		return true;
	tg_proof_place(item->id, place);
	return memcmp(place, selection->prefix, selection->prefix_bytes) == 0;
}

void
tg_proof_add(uint8_t sum[TG_DIGEST_BYTES], const struct tg_proof_item *item)
{
	struct input input = { .used = 0 };
	uint8_t hashed[SHA256_BYTES];
	unsigned carry = 0;

	put_bytes(&input, ITEM_LABEL, sizeof(ITEM_LABEL) - 1);
	put_bytes(&input, item->id, sizeof(item->id));
	put_integer(&input, item->kind, 1);
	put_integer(&input, item->business_time_utc_ms, 8);
	put_integer(&input, item->points, 8);
	put_integer(&input, item->amount, 8);
	hash(&input, hashed);
	for (unsigned i = TG_DIGEST_BYTES; i > 0; i--) {
		carry += (unsigned)sum[i - 1] + hashed[i - 1];
		sum[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
}

void
tg_proof_chain(const struct tg_proof_link *link, uint8_t ret_chain[TG_DIGEST_BYTES])
{
	struct input input = { .used = 0 };
	uint8_t hashed[SHA256_BYTES];

	put_bytes(&input, LINK_LABEL, sizeof(LINK_LABEL) - 1);
	put_bytes(&input, link->before, sizeof(link->before));
	put_integer(&input, (int64_t)link->scope, 1);
	put_integer(&input, link->owner, 4);
	put_integer(&input, (int64_t)link->basis, 1);
	put_integer(&input, link->day, 4);
	put_bytes(&input, link->digest, sizeof(link->digest));
	hash(&input, hashed);
	memcpy(ret_chain, hashed, TG_DIGEST_BYTES);
}

void
tg_division_init(struct tg_division *division, enum tg_divide divide,
		 const struct tg_selection *selection)
{
	TG_ASSERT(divide == TG_DIVIDE_HOURS || divide == TG_DIVIDE_PARTS);
	TG_ASSERT(selection->prefix_bytes < TG_PREFIX_BYTES_MAX || divide == TG_DIVIDE_HOURS);
	memset(division, 0, sizeof(*division));
	division->divide = divide;
	division->selection = *selection;
	division->bucket_count = divide == TG_DIVIDE_PARTS ? 256 : TG_BUCKETS_MAX;
}

/* The part that an item belongs to. */
static struct tg_bucket *
bucket_of(struct tg_division *division, const struct tg_proof_item *item)
{
	uint8_t place[TG_PREFIX_BYTES_MAX];
	struct tg_bucket *bucket;

	if (division->divide == TG_DIVIDE_HOURS) {
		const uint32_t hour = tg_proof_hour(item->business_time_utc_ms);

		bucket = &division->buckets[hour * TG_PROOF_KINDS + kind_index(item->kind)];
		bucket->hour = hour;
		bucket->kind = item->kind;
		return bucket;
	}
	tg_proof_place(item->id, place);
	bucket = &division->buckets[place[division->selection.prefix_bytes]];
	bucket->part = place[division->selection.prefix_bytes];
	return bucket;
}

void
tg_division_add(struct tg_division *division, const struct tg_proof_item *item)
{
	struct tg_bucket *bucket;

	if (!tg_proof_has_kind(item->kind) || !tg_selection_has(&division->selection, item))
		return;
	bucket = bucket_of(division, item);
	bucket->count++;
	bucket->points += item->points;
	bucket->amount += item->amount;
	tg_proof_add(bucket->digest, item);
	tg_proof_add(division->digest, item);
}

void
tg_division_compact(struct tg_division *division)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < division->bucket_count; i++) {
		if (division->buckets[i].count > 0)
			division->buckets[kept++] = division->buckets[i];
	}
	division->bucket_count = kept;
}
