/*
 * failures.c - counting failed attempts by address.
 */
#include "gateway/failures.h"

#include <netinet/in.h>
#include <string.h>
#include <xxhash.h>

/* Hash of the address without its port; of IPv6 the first 64 bits, which one site has. */
static uint64_t
hash_address(const struct failures *failures, const struct address *address)
{
	uint8_t bytes[9] = { 0 };

	if (address->storage.any.sa_family == AF_INET) {
		bytes[0] = 4;
		memcpy(bytes + 1, &address->storage.four.sin_addr, 4);
	} else if (address->storage.any.sa_family == AF_INET6) {
		bytes[0] = 6;
		memcpy(bytes + 1, &address->storage.six.sin6_addr, 8);
	}
	return XXH3_64bits_withSeed(bytes, sizeof(bytes), failures->seed);
}

void
failures_init(struct failures *failures, uint64_t seed)
{
	memset(failures, 0, sizeof(*failures));
	failures->seed = seed;
}

bool
failures_is_over(const struct failures *failures, const struct address *address,
		 int64_t now_mono_ms, uint32_t limit)
{
	uint64_t hash = hash_address(failures, address);
	size_t at = hash % FAILURES_ENTRIES;

	return failures->entries[at].address == hash && failures->entries[at].count >= limit &&
	       now_mono_ms - failures->entries[at].since_mono_ms < FAILURES_WINDOW_MS;
}

void
failures_add(struct failures *failures, const struct address *address, int64_t now_mono_ms)
{
	uint64_t hash = hash_address(failures, address);
	size_t at = hash % FAILURES_ENTRIES;

	if (failures->entries[at].address != hash ||
	    now_mono_ms - failures->entries[at].since_mono_ms >= FAILURES_WINDOW_MS) {
		failures->entries[at].address = hash;
		failures->entries[at].since_mono_ms = now_mono_ms;
		failures->entries[at].count = 0;
	}
	if (failures->entries[at].count < UINT32_MAX)
		failures->entries[at].count++;
}
