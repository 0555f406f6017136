storage_test_libs = $(storage_libs) $(CMOCKA_LIBS)

snapshot_fixture = %D%/snapshot_fixture.c %D%/snapshot_fixture.h
check_PROGRAMS += %D%/test_snapshot
tests_storage_test_snapshot_SOURCES = %D%/test_snapshot.c $(snapshot_fixture)
tests_storage_test_snapshot_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_snapshot_damage
tests_storage_test_snapshot_damage_SOURCES = %D%/test_snapshot_damage.c $(snapshot_fixture)
tests_storage_test_snapshot_damage_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_snapshot_thread
pipeline_tests += %D%/test_snapshot_thread
tests_storage_test_snapshot_thread_SOURCES = %D%/test_snapshot_thread.c $(snapshot_fixture)
tests_storage_test_snapshot_thread_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_snapshot_ledger
tests_storage_test_snapshot_ledger_SOURCES = %D%/test_snapshot_ledger.c $(snapshot_fixture) \
	tests/ledger/fixture.c tests/ledger/fixture.h
tests_storage_test_snapshot_ledger_LDADD = $(storage_test_libs)
