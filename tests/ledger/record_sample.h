/*
 * record_sample.h - records with every member set, for tests of their bytes.
 */
#ifndef TG_TESTS_LEDGER_RECORD_SAMPLE_H
#define TG_TESTS_LEDGER_RECORD_SAMPLE_H

#include <stdint.h>

#include "ledger/record.h"
#include "tests/ledger/fixture.h"

#define RECORD_SAMPLE_LINES_BYTES (TG_LINES_MAX * LINE_BYTES_MAX)

/*
 * Make a record with the given sections, every member of them set to something telling; counts are
 * small.  lines: RECORD_SAMPLE_LINES_BYTES, borrowed by the record.
 */
void record_sample_fill(struct record *record, uint8_t *lines, uint64_t sections);

#endif
