# Of use to clients, too.
noinst_LTLIBRARIES += libcsvreader.la
libcsvreader_la_SOURCES = %D%/csv_reader.c %D%/csv_reader.h
csv_reader_libs = libcsvreader.la $(CSV_LIBS) $(UNISTRING_LIBS)

noinst_LTLIBRARIES += libadmin.la
libadmin_la_SOURCES = \
	%D%/ask.c %D%/ask.h \
	%D%/command.c %D%/command.h %D%/command_table.c \
	%D%/completion.c %D%/completion.h \
	%D%/config_noun.c %D%/config_noun.h \
	%D%/console.c %D%/console.h \
	%D%/exposition.c %D%/exposition.h \
	%D%/field.c %D%/field.h %D%/field_table.c \
	%D%/file_digest.c %D%/file_digest.h \
	%D%/grammar.c %D%/grammar.h \
	%D%/handlers.h \
	%D%/host.h \
	%D%/http.c %D%/http.h \
	%D%/import.c %D%/import.h \
	%D%/line_reader.c %D%/line_reader.h \
	%D%/link.c %D%/link.h \
	%D%/login.c %D%/login.h \
	%D%/operators.c %D%/operators.h \
	%D%/output.c %D%/output.h \
	%D%/record_text.c %D%/record_text.h \
	%D%/roster.c %D%/roster.h \
	%D%/run_activation.c %D%/run_config.c %D%/run_explain.c %D%/run_export.c %D%/run_funding.c %D%/run_gateway.c %D%/run_help.c %D%/run_host.c %D%/run_import.c \
	%D%/run_language.c %D%/run_list.c %D%/run_matters.c %D%/run_member.c %D%/run_operator.c %D%/run_programme.c %D%/run_runoff.c %D%/run_service.c %D%/run_settlement.c %D%/run_show.c \
	%D%/run_tail.c %D%/run_terminals.c \
	%D%/session.c %D%/session.h \
	%D%/talk.c %D%/talk.h \
	%D%/text_table.c %D%/text_table.h \
	%D%/when.c %D%/when.h
libadmin_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
admin_libs = libadmin.la $(csv_reader_libs) $(storage_libs) libprogramme.la $(CONFIG_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS) \
	$(OPENSSL_LIBS) $(UNISTRING_LIBS)

# Prints CONSOLE.md from the command table; see tests/check_docs.
noinst_PROGRAMS += %D%/gen_console
admin_gen_console_SOURCES = %D%/gen_console.c
admin_gen_console_LDADD = $(admin_libs)
dist_doc_DATA += %D%/CONSOLE.md

# Who may log in.
bin_PROGRAMS += %D%/tally-passwd
admin_tally_passwd_SOURCES = %D%/tally_passwd.c
admin_tally_passwd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
admin_tally_passwd_LDADD = $(admin_libs)
scdoc_pages += %D%/tally-passwd.1.scd

# A person's end of the console.
bin_PROGRAMS += %D%/tally-console
admin_tally_console_SOURCES = %D%/tally_console.c \
	%D%/credentials.c %D%/credentials.h \
	%D%/prompt.c %D%/prompt.h
admin_tally_console_CPPFLAGS = $(AM_CPPFLAGS) $(EDIT_CFLAGS) $(OPENSSL_CFLAGS)
admin_tally_console_LDADD = $(admin_libs) $(EDIT_LIBS)
scdoc_pages += %D%/tally-console.1.scd
