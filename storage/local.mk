noinst_LTLIBRARIES += libstorage.la
libstorage_la_SOURCES = \
	%D%/bytes.h \
	%D%/io.c %D%/io.h %D%/io_mirror.c %D%/io_mirror.h %D%/io_posix.c \
	%D%/journal.c %D%/journal.h %D%/journal_backend.h %D%/journal_memory.c \
	%D%/journal_ahead.c %D%/journal_ahead.h \
	%D%/journal_archive.c %D%/journal_archive.h \
	%D%/journal_copy.c %D%/journal_copy.h \
	%D%/journal_file.c %D%/journal_file.h \
	%D%/journal_mirror.c %D%/journal_mirror.h \
	%D%/journal_reader.c %D%/journal_reader.h \
	%D%/journal_recover.c %D%/journal_recover.h \
	%D%/journal_space.c %D%/journal_space.h \
	%D%/journal_survey.c %D%/journal_survey.h \
	%D%/segment.c %D%/segment.h \
	%D%/segment_list.c %D%/segment_list.h \
	%D%/segment_reader.c %D%/segment_reader.h \
	%D%/segment_source.c %D%/segment_source.h
libstorage_la_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(XXHASH_CFLAGS) $(ZSTD_CFLAGS) \
	$(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
storage_libs = libstorage.la $(ledger_libs) $(MARIADB_LIBS) $(ZSTD_LIBS) $(JANSSON_LIBS) \
	$(OPENSSL_LIBS)

libstorage_la_SOURCES += \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/snapshot_format.c %D%/snapshot_format.h \
	%D%/snapshot_list.c %D%/snapshot_load.c \
	%D%/backup.c %D%/backup.h \
	%D%/snapshot_writer.c %D%/snapshot_writer.h

# MariaDB: connection, schema, sink.
libstorage_la_SOURCES += \
	%D%/civil.c %D%/civil.h \
	%D%/database.c %D%/database.h %D%/database_internal.h \
	%D%/database_arguments.c %D%/database_arguments.h \
	%D%/database_bulk.c %D%/database_bulk.h \
	%D%/database_check.c %D%/database_check.h \
	%D%/migrate.c %D%/migrate.h \
	%D%/rebuild.c %D%/rebuild.h \
	%D%/sink.c %D%/sink.h \
	%D%/sink_batch.c %D%/sink_batch.h \
	%D%/sink_columns.h \
	%D%/sink_cursor.c %D%/sink_cursor.h \
	%D%/sink_entries.c %D%/sink_entries.h \
	%D%/sink_index.c %D%/sink_index.h \
	%D%/sink_insert.c %D%/sink_insert.h \
	%D%/sink_map.c %D%/sink_map.h %D%/sink_map_config.c %D%/sink_map_matters.c %D%/sink_map_rulebook.c %D%/sink_map_settlement.c %D%/sink_clearing.c %D%/sink_clearing.h \
	%D%/sink_provenance.c %D%/sink_provenance.h %D%/clearing.c %D%/clearing.h \
	%D%/provenance.c %D%/provenance_lend.c %D%/provenance.h \
	%D%/statement.c %D%/statement.h %D%/statement_read.c \
	%D%/sink_partition.c %D%/sink_partition.h \
	%D%/sink_session.c %D%/sink_session.h \
	%D%/sink_source.c %D%/sink_source.h \
	%D%/sink_table.c %D%/sink_table.h \
	%D%/sink_worker.c %D%/sink_worker.h \
	%D%/vocabulary.c %D%/vocabulary.h

# The migrations in the order of their numbers; an applied file is never changed.
migrations = \
	%D%/migrations/0001_tables.sql \
	%D%/migrations/0002_views.sql
EXTRA_DIST += $(migrations) %D%/gen_migrations.awk
CLEANFILES += %D%/migrations.inc
BUILT_SOURCES += %D%/migrations.inc
%D%/migrations.inc: $(migrations) %D%/gen_migrations.awk %D%/local.mk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	cd $(srcdir) && $(AWK) -f %D%/gen_migrations.awk $(migrations) >$(abs_builddir)/$@.tmp && \
	mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
$(libstorage_la_OBJECTS): | %D%/migrations.inc

libstorage_la_SOURCES += %D%/runoff.c %D%/runoff.h %D%/schema_page.c %D%/schema_page.h
bin_PROGRAMS += %D%/tally-schema
storage_tally_schema_SOURCES = %D%/tally_schema.c
storage_tally_schema_LDADD = $(storage_libs)
scdoc_pages += %D%/tally-schema.1.scd
# SCHEMA.md is printed from the comments in the tables: tally-schema document >storage/SCHEMA.md
dist_doc_DATA += %D%/SCHEMA.md

# tally-journal without its main(), so that tests link it.
noinst_LTLIBRARIES += libjournaltool.la
libjournaltool_la_SOURCES = \
	%D%/shadow.c %D%/shadow.h %D%/shadow_request.c \
	%D%/journal_verify.c %D%/journal_verify.h \
	%D%/record_filter.c %D%/record_filter.h \
	%D%/record_json.c %D%/record_json.h %D%/record_json_config.c %D%/record_json_object.h \
	%D%/restore.c %D%/restore.h %D%/restore_accept.c \
	%D%/restore_database.c %D%/restore_database.h \
	%D%/restore_report.c %D%/restore_report.h
dist_doc_DATA += %D%/FORMAT.md
libjournaltool_la_CPPFLAGS = $(libstorage_la_CPPFLAGS) $(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
journaltool_libs = libjournaltool.la libprogramme.la $(storage_libs) $(CONFIG_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS)

bin_PROGRAMS += %D%/tally-journal
storage_tally_journal_SOURCES = \
	%D%/tally_journal.c %D%/tally_journal.h %D%/tally_journal_commands.c \
	%D%/tally_journal_keep.c %D%/tally_journal_member.c %D%/tally_journal_print.c \
	%D%/tally_journal_restore.c %D%/tally_journal_shadow.c %D%/tally_journal_statement.c \
	%D%/statement_entries.c %D%/statement_entries.h
storage_tally_journal_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(MARIADB_CFLAGS) \
	$(XXHASH_CFLAGS)
storage_tally_journal_LDADD = $(journaltool_libs) $(CSV_LIBS)
scdoc_pages += %D%/tally-journal.8.scd

libstorage_la_SOURCES += %D%/archive_query.c %D%/archive_query.h %D%/archive_internal.h
libstorage_la_SOURCES += %D%/archive_page.c %D%/archive_page.h %D%/archive_proof.c
libstorage_la_SOURCES += \
	%D%/archive_document.c %D%/archive_document.h \
	%D%/statement.c %D%/statement.h %D%/statement_read.c \
	%D%/statement_print.c %D%/statement_print.h
