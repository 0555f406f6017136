/*
 * ask.c - one question to the gateway, asked again as long as that may help.
 */
#include "contrib/settle/ask.h"

#include <errno.h>
#include <time.h>

static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
pause_ms(int64_t ms)
{
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		continue;
}

/* May the same question have another answer in seconds?  A day that is open stays so for hours. */
static bool
may_pass(enum tg_status status)
{
	return status == TG_IO || (tg_status_is_retryable(status) && status != TG_DAY_OPEN);
}

bool
ask_gateway(struct tg_client *client, const struct tg_message *request, uint32_t timeout_ms,
	    struct tg_message *ret_answer, struct failure *failure)
{
	const int64_t until_ms = mono_ms() + timeout_ms;

	for (uint32_t failures = 1;; failures++) {
		enum tg_status status;
		int64_t wait_ms = tg_backoff_ms(failures), left_ms;

		ret_answer->code = UINT32_MAX;
		status = tg_client_call(client, request, timeout_ms, ret_answer);
		if (status == TG_OK)
			return true;
		left_ms = until_ms - mono_ms();
		if (left_ms <= 0 || !may_pass(status)) {
			const char *why = tg_client_error(client);

			return failure_set(failure, "%s: %s", tg_operation_name(request->code),
					   why[0] != '\0' ? why : tg_status_text(status));
		}
		if (ret_answer->code == (uint32_t)status)
			wait_ms = tg_message_integer(ret_answer, TG_FIELD_RETRY_AFTER, wait_ms);
		pause_ms(wait_ms < left_ms ? wait_ms : left_ms);
	}
}
