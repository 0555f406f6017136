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

sim_disk = %D%/sim_disk.c %D%/sim_disk.h %D%/sim_disk_io.c %D%/sim_disk_private.h
journal_fixture = $(sim_disk) %D%/journal_fixture.c %D%/journal_fixture.h
check_PROGRAMS += %D%/test_journal
tests_storage_test_journal_SOURCES = %D%/test_journal.c $(journal_fixture)
tests_storage_test_journal_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_journal_ahead
tests_storage_test_journal_ahead_SOURCES = %D%/test_journal_ahead.c $(journal_fixture)
tests_storage_test_journal_ahead_LDADD = $(storage_test_libs)
pipeline_tests += %D%/test_journal_ahead
check_PROGRAMS += %D%/test_journal_archive
tests_storage_test_journal_archive_SOURCES = %D%/test_journal_archive.c $(journal_fixture)
tests_storage_test_journal_archive_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_journal_damage
tests_storage_test_journal_damage_SOURCES = %D%/test_journal_damage.c $(journal_fixture)
tests_storage_test_journal_damage_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/fault_journal
tests_storage_fault_journal_SOURCES = %D%/fault_journal.c $(journal_fixture)
tests_storage_fault_journal_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/fault_mirror
tests_storage_fault_mirror_SOURCES = %D%/fault_mirror.c $(sim_disk)
tests_storage_fault_mirror_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/sim_journal
tests_storage_sim_journal_SOURCES = %D%/sim_journal.c $(journal_fixture)
tests_storage_sim_journal_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_journal_threads
tests_storage_test_journal_threads_LDADD = $(storage_test_libs)
pipeline_tests += %D%/test_journal_threads
check_PROGRAMS += %D%/fault_snapshot
tests_storage_fault_snapshot_SOURCES = %D%/fault_snapshot.c $(snapshot_fixture) $(sim_disk)
tests_storage_fault_snapshot_LDADD = $(storage_test_libs)

# With a MariaDB server of their own.
check_PROGRAMS += %D%/test_database
tests_storage_test_database_SOURCES = %D%/test_database.c $(private_mariadb)
tests_storage_test_database_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_database_tls
tests_storage_test_database_tls_SOURCES = %D%/test_database_tls.c $(private_mariadb)
tests_storage_test_database_tls_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_schema
tests_storage_test_schema_SOURCES = %D%/test_schema.c $(private_mariadb) $(packet_proxy)
tests_storage_test_schema_LDADD = $(storage_test_libs)
tests_storage_test_schema_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS)
sink_compare = tests/storage/sink_compare.c tests/storage/sink_compare.h \
	tests/storage/sink_compare_images.c tests/storage/sink_compare_matters.c \
	tests/storage/sink_compare_rulebook.c tests/storage/sink_compare_settlement.c
sink_fixture = $(private_mariadb) \
	%D%/expected_text.c %D%/expected_text.h \
	%D%/record_maker.c %D%/record_maker.h %D%/record_maker_private.h \
	%D%/record_maker_funding.c %D%/record_maker_matters.c %D%/record_maker_rulebook.c \
	$(sink_compare) \
	%D%/sink_fixture.c %D%/sink_fixture.h
check_PROGRAMS += %D%/test_sink
tests_storage_test_sink_SOURCES = %D%/test_sink.c $(sink_fixture)
tests_storage_test_sink_LDADD = $(storage_test_libs)

check_PROGRAMS += %D%/test_funding_views
tests_storage_test_funding_views_SOURCES = %D%/test_funding_views.c %D%/runoff_compare.c \
	%D%/runoff_compare.h $(sink_fixture) \
	tests/golden/golden_history.c tests/golden/golden_history.h
tests_storage_test_funding_views_LDADD = $(storage_test_libs)

check_PROGRAMS += %D%/test_netting
tests_storage_test_netting_SOURCES = %D%/test_netting.c
tests_storage_test_netting_LDADD = $(storage_test_libs)

check_PROGRAMS += %D%/test_provenance
tests_storage_test_provenance_SOURCES = %D%/test_provenance.c
tests_storage_test_provenance_LDADD = $(storage_test_libs)

# `test_statement full` does a million records.
check_PROGRAMS += %D%/test_statement
tests_storage_test_statement_SOURCES = %D%/test_statement.c %D%/runoff_compare.c \
	%D%/runoff_compare.h %D%/statement_town.c \
	%D%/statement_town.h $(sink_fixture) \
	tests/ledger/fixture.c tests/ledger/fixture.h
tests_storage_test_statement_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)

# How long closing takes over 10 M entries: make tests/storage/bench_statement, then run it.
EXTRA_PROGRAMS += %D%/bench_statement
tests_storage_bench_statement_SOURCES = %D%/bench_statement.c $(private_mariadb)
tests_storage_bench_statement_LDADD = $(storage_test_libs)

EXTRA_PROGRAMS += %D%/bench_sink
tests_storage_bench_sink_SOURCES = %D%/bench_sink.c $(sink_fixture)
tests_storage_bench_sink_LDADD = $(storage_test_libs)

tool_fixture = %D%/tool_fixture.c %D%/tool_fixture.h \
	tests/ledger/fixture.c tests/ledger/fixture.h
check_PROGRAMS += %D%/test_journal_verify
tests_storage_test_journal_verify_SOURCES = %D%/test_journal_verify.c $(tool_fixture) $(sim_disk)
tests_storage_test_journal_verify_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_storage_test_journal_verify_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/fault_backup
tests_storage_fault_backup_SOURCES = %D%/fault_backup.c $(tool_fixture) $(sim_disk)
tests_storage_fault_backup_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/fault_restore
tests_storage_fault_restore_SOURCES = %D%/fault_restore.c $(tool_fixture) $(sim_disk)
tests_storage_fault_restore_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tally_journal
tests_storage_test_tally_journal_SOURCES = %D%/test_tally_journal.c $(tool_fixture)
tests_storage_test_tally_journal_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_storage_test_tally_journal_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)

fuzz_programs += %D%/fuzz_journal
tests_storage_fuzz_journal_SOURCES = %D%/fuzz_journal.c $(sim_disk)
tests_storage_fuzz_journal_LDADD = $(storage_libs) $(fuzz_libs)
fuzz_programs += %D%/fuzz_snapshot
tests_storage_fuzz_snapshot_SOURCES = %D%/fuzz_snapshot.c $(snapshot_fixture) $(sim_disk)
tests_storage_fuzz_snapshot_LDADD = $(storage_test_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_snapshot
EXTRA_DIST += %D%/corpus_journal/batches %D%/corpus_journal/hole %D%/corpus_journal/mark_then_torn

check_PROGRAMS += %D%/test_sink_trouble
tests_storage_test_sink_trouble_SOURCES = %D%/test_sink_trouble.c $(sink_fixture)
tests_storage_test_sink_trouble_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_sink_kill
pipeline_tests += %D%/test_sink_kill
tests_storage_test_sink_kill_SOURCES = %D%/test_sink_kill.c $(sink_fixture)
tests_storage_test_sink_kill_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/fault_sink
tests_storage_fault_sink_SOURCES = %D%/fault_sink.c $(sink_fixture) $(packet_proxy)
tests_storage_fault_sink_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_archive_query
tests_storage_test_archive_query_SOURCES = %D%/test_archive_query.c $(sink_fixture)
tests_storage_test_archive_query_LDADD = $(storage_test_libs)
check_PROGRAMS += %D%/test_archive_page
tests_storage_test_archive_page_SOURCES = %D%/test_archive_page.c $(sink_fixture)
tests_storage_test_archive_page_LDADD = $(storage_test_libs)

check_PROGRAMS += %D%/test_sink_batch
tests_storage_test_sink_batch_SOURCES = %D%/test_sink_batch.c \
	%D%/record_maker.c %D%/record_maker_matters.c %D%/record_maker.h \
	%D%/record_maker_funding.c %D%/record_maker_private.h %D%/record_maker_rulebook.c
tests_storage_test_sink_batch_LDADD = $(storage_test_libs)
tests_storage_test_sink_batch_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS)
check_PROGRAMS += %D%/test_shadow
tests_storage_test_shadow_SOURCES = %D%/test_shadow.c tests/ledger/fixture.c tests/ledger/fixture.h
tests_storage_test_shadow_LDADD = $(journaltool_libs) $(CMOCKA_LIBS)
