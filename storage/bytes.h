/*
 * bytes.h - little-endian numbers in files, wherever they lie.
 */
#ifndef TG_STORAGE_BYTES_H
#define TG_STORAGE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Read a number of 16, 32 or 64 bits at bytes, which need not be aligned. */
static inline uint16_t
bytes_get_u16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof value);
	return le16toh(value);
}

static inline uint32_t
bytes_get_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return le32toh(value);
}

static inline uint64_t
bytes_get_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return le64toh(value);
}

/* Write a number of 16, 32 or 64 bits to bytes, which need not be aligned. */
static inline void
bytes_put_u16(uint8_t *bytes, uint16_t value)
{
	value = htole16(value);
	memcpy(bytes, &value, sizeof value);
}

static inline void
bytes_put_u32(uint8_t *bytes, uint32_t value)
{
	value = htole32(value);
	memcpy(bytes, &value, sizeof value);
}

static inline void
bytes_put_u64(uint8_t *bytes, uint64_t value)
{
	value = htole64(value);
	memcpy(bytes, &value, sizeof value);
}

#endif
