/*
 * test_netting.c - who pays whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/statement.h"

static uint32_t
below(uint64_t *random, uint32_t bound)
{
	*random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*random >> 33) % bound);
}

/* What: payments are fewer than parties, and settle every balance.
 * How:  random balances that sum to zero; payments taken off again. */
static void
netting_settles_all_with_few_payments(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (uint32_t round = 0; round < 200; round++) {
		const uint32_t count = 2 + below(&random, 40);
		struct netting_balance balances[64];
		struct netting_payment payments[64];
		int64_t left[64] = { 0 };
		uint32_t paid;

		for (uint32_t i = 0; i < count; i++) {
			left[i] = i + 1 < count ? (int64_t)below(&random, 2000) - 1000 : 0;
			if (i + 1 == count) {
				for (uint32_t k = 0; k + 1 < count; k++)
					left[i] -= left[k];
			}
			balances[i] = (struct netting_balance){ i, left[i] };
		}
		paid = netting_run(balances, count, payments);
		assert_true(paid < count);
		for (uint32_t i = 0; i < paid; i++) {
			assert_true(payments[i].amount > 0);
			left[payments[i].from] -= payments[i].amount;
			left[payments[i].to] += payments[i].amount;
		}
		for (uint32_t i = 0; i < count; i++)
			assert_true(left[i] == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netting_settles_all_with_few_payments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
