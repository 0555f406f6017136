/*
 * fuzz.h - what every fuzz target defines.
 */
#ifndef TG_TESTS_FUZZ_H
#define TG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed one input to the decoder under test.  Returns 0; a fault shows as a failed assertion. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

#endif
