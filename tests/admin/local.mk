admin_test_libs = $(admin_libs) $(CMOCKA_LIBS)

fake_host = %D%/fake_host.c %D%/fake_host.h tests/ledger/fixture.c tests/ledger/fixture.h
check_PROGRAMS += %D%/test_line_reader
tests_admin_test_line_reader_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_command
tests_admin_test_command_SOURCES = %D%/test_command.c $(fake_host)
tests_admin_test_command_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_field
tests_admin_test_field_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_handlers
tests_admin_test_handlers_SOURCES = %D%/test_handlers.c $(fake_host)
tests_admin_test_handlers_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_import
tests_admin_test_import_SOURCES = %D%/test_import.c $(fake_host)
tests_admin_test_import_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_console
pipeline_tests += %D%/test_console
tests_admin_test_console_SOURCES = %D%/test_console.c $(fake_host)
tests_admin_test_console_LDADD = $(admin_test_libs)
fuzz_programs += %D%/fuzz_console
tests_admin_fuzz_console_LDADD = $(admin_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_console/lines %D%/corpus_console/telnet
fuzz_programs += %D%/fuzz_import
tests_admin_fuzz_import_LDADD = $(admin_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_import/partners %D%/corpus_import/rules %D%/corpus_import/stores \
	%D%/corpus_import/terminals
