/*
 * test_auth.c - keys of terminals and proofs of both sides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/auth.h"

static const uint8_t master[TG_MASTER_KEY_BYTES_MIN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

/* What a proof is made over, with a value in each part. */
static struct tg_auth_input
sample_input(void)
{
	struct tg_auth_input input = { .version = 1, .terminal = 1001, .generation = 2 };

	memset(input.client_nonce, 0xc1, sizeof(input.client_nonce));
	memset(input.server_nonce, 0x5e, sizeof(input.server_nonce));
	memset(input.exporter, 0xe0, sizeof(input.exporter));
	return input;
}

/* Compare bytes with hex. */
static void
assert_hex(const uint8_t *bytes, size_t count, const char *expected)
{
	char text[129] = "";

	for (size_t i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, expected);
}

/* What: another implementation agrees.  How: vectors made with Python's hmac and hashlib. */
static void
key_and_proofs_are_as_specified(void **state)
{
	struct tg_auth_input input = sample_input();
	uint8_t key[TG_KEY_BYTES], proof[TG_PROOF_BYTES];

	(void)state;
	assert_int_equal(tg_auth_derive_key(master, sizeof(master), "demo", 1001, 2, key), TG_OK);
	assert_hex(key, sizeof(key),
		   "e987b24c37a4053652c8ef26c5d81e7eae908a5d697163b218ea8b641516a513");
	assert_int_equal(tg_auth_make_proof(TG_AUTH_TERMINAL, key, &input, proof), TG_OK);
	assert_hex(proof, sizeof(proof),
		   "b36b4ff0b3c52ba227c5f1a927f1060163e908686bc01f49616e2f3b4c445171");
	assert_int_equal(tg_auth_make_proof(TG_AUTH_SERVER, key, &input, proof), TG_OK);
	assert_hex(proof, sizeof(proof),
		   "26bf04e35e8976bf70136d740ddaf7b376961d339a5aa3c573a2d34974d6f46f");
}

/* What: two terminals never share a key.  How: instance, terminal, generation changed by one. */
static void
every_terminal_has_its_own_key(void **state)
{
	uint8_t keys[5][TG_KEY_BYTES];

	(void)state;
	assert_int_equal(tg_auth_derive_key(master, 32, "demo", 1001, 2, keys[0]), TG_OK);
	assert_int_equal(tg_auth_derive_key(master, 32, "demp", 1001, 2, keys[1]), TG_OK);
	assert_int_equal(tg_auth_derive_key(master, 32, "demo", 1002, 2, keys[2]), TG_OK);
	assert_int_equal(tg_auth_derive_key(master, 32, "demo", 1001, 3, keys[3]), TG_OK);
	assert_int_equal(tg_auth_derive_key(master, 32, "dem", 1001, 2, keys[4]), TG_OK);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], TG_KEY_BYTES);
}

/* What: unusable input makes no key.  How: a short master key, an empty and a long instance. */
static void
unusable_input_makes_no_key(void **state)
{
	char instance[TG_INSTANCE_BYTES_MAX + 2];
	uint8_t key[TG_KEY_BYTES];

	(void)state;
	memset(instance, 'x', sizeof(instance));
	instance[TG_INSTANCE_BYTES_MAX + 1] = '\0';
	assert_int_equal(tg_auth_derive_key(master, 31, "demo", 1, 1, key), TG_BAD_FIELD);
	assert_int_equal(tg_auth_derive_key(master, 32, "", 1, 1, key), TG_BAD_FIELD);
	assert_int_equal(tg_auth_derive_key(master, 32, instance, 1, 1, key), TG_BAD_FIELD);
	instance[TG_INSTANCE_BYTES_MAX] = '\0';
	assert_int_equal(tg_auth_derive_key(master, 32, instance, 1, 1, key), TG_OK);
}

/* What: a proof holds for what it was made over only.  How: each part and each bit changed. */
static void
proof_holds_for_its_input_only(void **state)
{
	struct tg_auth_input input = sample_input(), other;
	uint8_t key[TG_KEY_BYTES] = { 7 }, proof[TG_PROOF_BYTES];

	(void)state;
	assert_int_equal(tg_auth_make_proof(TG_AUTH_TERMINAL, key, &input, proof), TG_OK);
	assert_true(tg_auth_check_proof(TG_AUTH_TERMINAL, key, &input, proof));
	assert_false(tg_auth_check_proof(TG_AUTH_SERVER, key, &input, proof));
	for (int part = 0; part < 6; part++) {
		other = input;
		other.version = (uint8_t)(input.version + (part == 0));
		other.terminal = input.terminal + (part == 1);
		other.generation = (uint16_t)(input.generation + (part == 2));
		other.client_nonce[15] ^= part == 3;
		other.server_nonce[0] ^= part == 4;
		other.exporter[31] ^= part == 5;
		assert_false(tg_auth_check_proof(TG_AUTH_TERMINAL, key, &other, proof));
	}
	for (int bit = 0; bit < 8 * TG_PROOF_BYTES; bit++) {
		proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(tg_auth_check_proof(TG_AUTH_TERMINAL, key, &input, proof));
		proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	key[31] ^= 1;
	assert_false(tg_auth_check_proof(TG_AUTH_TERMINAL, key, &input, proof));
}

/* What: a cleared secret is gone.  How: its bytes. */
static void
cleared_secret_is_gone(void **state)
{
	static const uint8_t zero[TG_KEY_BYTES];
	uint8_t key[TG_KEY_BYTES] = { 1, 2, 3 };

	(void)state;
	tg_auth_clear(key, sizeof(key));
	assert_memory_equal(key, zero, sizeof(key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_and_proofs_are_as_specified),
		cmocka_unit_test(every_terminal_has_its_own_key),
		cmocka_unit_test(unusable_input_makes_no_key),
		cmocka_unit_test(proof_holds_for_its_input_only),
		cmocka_unit_test(cleared_secret_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
