/*
 * status.c - names and properties of the statuses, all from the one list.
 */
#include "protocol/status.h"

const char *
tg_status_name(enum tg_status status)
{
	switch ((unsigned)status) {
#define STATUS_NAME(name, number, retry, recorded, text) \
	case number: \
		return &#name[sizeof("TG_") - 1];
		TG_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
	default:
		return "?";
	}
}

const char *
tg_status_text(enum tg_status status)
{
	switch ((unsigned)status) {
#define STATUS_TEXT(name, number, retry, recorded, text) \
	case number: \
		return text;
		TG_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
	default:
		return "status not known to this version";
	}
}

bool
tg_status_is_retryable(enum tg_status status)
{
	switch ((unsigned)status) {
#define STATUS_RETRY(name, number, retry, recorded, text) \
	case number: \
		return retry;
		TG_STATUS_LIST(STATUS_RETRY)
#undef STATUS_RETRY
	default:
		return false;
	}
}

bool
tg_status_is_recorded(enum tg_status status)
{
	switch ((unsigned)status) {
#define STATUS_RECORDED(name, number, retry, recorded, text) \
	case number: \
		return recorded;
		TG_STATUS_LIST(STATUS_RECORDED)
#undef STATUS_RECORDED
	default:
		return false;
	}
}

bool
tg_status_is_known(uint64_t number)
{
	switch (number) {
#define STATUS_KNOWN(name, number, retry, recorded, text) case number:
		TG_STATUS_LIST(STATUS_KNOWN)
#undef STATUS_KNOWN
		return true;
	default:
		return false;
	}
}
