/*
 * fuzz.h - what every fuzz target defines, and may define.
 */
#ifndef TG_TESTS_FUZZ_H
#define TG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed one input to the decoder under test.  Returns 0; a fault shows as a failed assertion. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

/* Takes seeds, inputs to begin with, and words that inputs are likely to have in them. */
struct fuzz_sink {
	void (*seed)(void *context, const void *data, size_t bytes);
	void (*word)(void *context, const void *data, size_t bytes);
	void *context;
};

/*
 * Give the sink what can be made from the tables that the decoder works by, so that a row that is
 * added to them is tried from then on.  A target that has no tables does not define it.
 */
void fuzz_seeds(const struct fuzz_sink *sink);

/* Give the sink a text, without the zero at its end. */
void fuzz_seed_text(const struct fuzz_sink *sink, const char *text);
void fuzz_word_text(const struct fuzz_sink *sink, const char *text);

#endif
