/*
 * input.h - bytes from a peer: reading, and cutting them into frames.
 *
 * Most frames are taken straight out of the thread's scratch memory; only what is left over, a
 * frame that is not whole or frames that must wait, is kept in the session's own buffer.
 */
#ifndef TG_GATEWAY_INPUT_H
#define TG_GATEWAY_INPUT_H

#include "gateway/session.h"

/*
 * Take frames and read, a bounded amount, until nothing is there or the session takes no more.
 * Then it is put to work again, if there may be more.
 */
void input_run(struct session *session);

/* Throw away what was read and not used. */
void input_release(struct session *session);

#endif
