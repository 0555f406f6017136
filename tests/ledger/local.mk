ledger_test_libs = $(ledger_libs) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_index
tests_ledger_test_index_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_table
tests_ledger_test_table_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_cases
tests_ledger_test_cases_SOURCES = %D%/test_cases.c %D%/fixture.c %D%/fixture.h \
	%D%/case_archive.c %D%/case_archive.h %D%/case_config.c %D%/case_file.c %D%/case_file.h \
	%D%/case_look.c %D%/case_rulebook.c %D%/case_run.c %D%/case_run.h %D%/case_words.c %D%/case_words.h
tests_ledger_test_cases_LDADD = $(ledger_test_libs)
EXTRA_DIST += %D%/cases
check_PROGRAMS += %D%/test_calendar
tests_ledger_test_calendar_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_record
record_sample = %D%/record_sample.c %D%/record_sample.h
tests_ledger_test_record_SOURCES = %D%/test_record.c %D%/fixture.c %D%/fixture.h $(record_sample)
tests_ledger_test_record_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_audit
tests_ledger_test_audit_SOURCES = %D%/test_audit.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_audit_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_earn_rule
tests_ledger_test_earn_rule_SOURCES = %D%/test_earn_rule.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_earn_rule_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/fault_memory
tests_ledger_fault_memory_SOURCES = %D%/fault_memory.c %D%/fixture.c %D%/fixture.h
tests_ledger_fault_memory_LDADD = $(ledger_test_libs)
tests_ledger_fault_memory_LDFLAGS = -Wl,--wrap=calloc,--wrap=mmap,--wrap=munmap
check_PROGRAMS += %D%/test_merge
tests_ledger_test_merge_SOURCES = %D%/test_merge.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_merge_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_random
tests_ledger_test_random_SOURCES = %D%/test_random.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_random_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_settlement
tests_ledger_test_settlement_SOURCES = %D%/test_settlement.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_settlement_LDADD = $(ledger_test_libs)

check_PROGRAMS += %D%/test_sponsors
tests_ledger_test_sponsors_LDADD = $(ledger_test_libs)
check_PROGRAMS += %D%/test_activation
tests_ledger_test_activation_SOURCES = %D%/test_activation.c %D%/fixture.c %D%/fixture.h
tests_ledger_test_activation_LDADD = $(ledger_test_libs)

fuzz_programs += %D%/fuzz_record
tests_ledger_fuzz_record_SOURCES = %D%/fuzz_record.c $(record_sample)
tests_ledger_fuzz_record_LDADD = $(ledger_libs) $(fuzz_libs)
