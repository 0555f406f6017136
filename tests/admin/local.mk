admin_test_libs = $(admin_libs) $(CMOCKA_LIBS)

fake_host = %D%/fake_host.c %D%/fake_host.h tests/ledger/fixture.c tests/ledger/fixture.h
check_PROGRAMS += %D%/test_line_reader
tests_admin_test_line_reader_LDADD = $(admin_test_libs)
check_PROGRAMS += %D%/test_command
tests_admin_test_command_SOURCES = %D%/test_command.c $(fake_host)
tests_admin_test_command_LDADD = $(admin_test_libs)
