/*
 * breach.h - rules that hold in every round: how often they were looked at, and who broke them.
 */
#ifndef TG_CONTRIB_CERTIFY_BREACH_H
#define TG_CONTRIB_CERTIFY_BREACH_H

#include <stdbool.h>
#include <stdint.h>

/* Columns: name, word, what is expected. */
/* clang-format off */
#define RULE_LIST(X) \
	X(FRAMES,      "frames",      "every frame is well formed, and every request as the message table says") \
	X(OPENING,     "opening",     "HELLO is the first request, AUTH follows, nothing else before its answer but PING") \
	X(NONCE,       "nonce",       "each connection has a CLIENT_NONCE of its own") \
	X(IDENTITY,    "identity",    "AUTH proves the terminal, by a right PROOF or by its certificate") \
	X(REQUEST_IDS, "request-ids", "no request id is used again while its request is unanswered") \
	X(CONTENT,     "content",     "what is sent again under an id is the same, and an id is used for one thing only") \
	X(REPEAT,      "repeat",      "what is sent again says REPEAT, and counts ATTEMPT if it says it") \
	X(TIME,        "time",        "BUSINESS_TIME is when it happened: not ahead, and LATE where it is minutes ago") \
	X(ONLINE,      "online",      "BURN, HOLD and QUOTE are never sent LATE") \
	X(BOUNDS,      "bounds",      "no frame is larger, and no more requests are unanswered, than the gateway told")
/* clang-format on */

enum rule {
#define RULE_ENUM(name, word, text) RULE_##name,
	RULE_LIST(RULE_ENUM)
#undef RULE_ENUM
		RULE_COUNT,
};

#define BREACH_TEXT_BYTES 240
#define BREACH_NONCES_MAX 512

struct breaches {
	const char *present; /* name of the round that is played; static */
	struct {
		uint32_t looked_count, broken_count;
		char first[BREACH_TEXT_BYTES]; /* the first breach, in words */
	} rules[RULE_COUNT];
	uint32_t nonce_count;
	uint8_t nonces[BREACH_NONCES_MAX][16]; /* of all connections so far */
};

/* The rule was looked at; if it was broken, say how. */
void breach_look(struct breaches *breaches, enum rule rule);
void breach_note(struct breaches *breaches, enum rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Word and text of a rule. */
const char *breach_word(enum rule rule);
const char *breach_text(enum rule rule);

#endif
