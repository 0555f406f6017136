contrib_test_libs = $(load_libs) $(CMOCKA_LIBS)

check_PROGRAMS += \
	%D%/test_day \
	%D%/test_day_command \
	%D%/test_histogram \
	%D%/test_history \
	%D%/test_map \
	%D%/test_mix \
	%D%/test_model \
	%D%/test_options \
	%D%/test_terminals \
	%D%/test_trace
tests_contrib_test_day_LDADD = $(contrib_test_libs)
tests_contrib_test_day_command_LDADD = $(contrib_test_libs)
tests_contrib_test_histogram_LDADD = $(contrib_test_libs)
tests_contrib_test_history_LDADD = $(contrib_test_libs)
tests_contrib_test_map_LDADD = $(contrib_test_libs)
tests_contrib_test_mix_LDADD = $(contrib_test_libs)
tests_contrib_test_model_LDADD = $(contrib_test_libs)
tests_contrib_test_options_LDADD = $(contrib_test_libs)
tests_contrib_test_terminals_LDADD = $(contrib_test_libs)
tests_contrib_test_trace_LDADD = $(contrib_test_libs)

# A gateway that exists only in tests.
check_LTLIBRARIES += %D%/libfake.la
tests_contrib_libfake_la_SOURCES = \
	%D%/fake_gateway.c %D%/fake_gateway.h \
	%D%/fake_ledger.c %D%/fake_ledger.h

load_fixture = %D%/load_fixture.c %D%/load_fixture.h
check_PROGRAMS += %D%/test_tally_load
tests_contrib_test_tally_load_SOURCES = %D%/test_tally_load.c $(load_fixture)
tests_contrib_test_tally_load_LDADD = %D%/libfake.la $(contrib_test_libs)
check_PROGRAMS += %D%/test_load_figures
tests_contrib_test_load_figures_SOURCES = %D%/test_load_figures.c $(load_fixture)
tests_contrib_test_load_figures_LDADD = %D%/libfake.la $(contrib_test_libs)

check_PROGRAMS += %D%/test_when
tests_contrib_test_when_LDADD = $(clients_libs) $(CMOCKA_LIBS)

dist_check_SCRIPTS += %D%/test_import_members.py %D%/test_queue.py %D%/test_settle.py \
	%D%/test_layouts.py
whole_checks += %D%/observe.py %D%/test_bench.py %D%/test_certify.py %D%/test_completion.py \
	%D%/test_examples.py %D%/test_hardening.py %D%/test_quickstart.py %D%/test_units.py
EXTRA_DIST += %D%/tills.py %D%/vendor.py

check_PROGRAMS += %D%/test_tally
tests_contrib_test_tally_LDADD = %D%/libfake.la libtally.la $(contrib_test_libs)

fuzz_programs += %D%/fuzz_layout
tests_contrib_fuzz_layout_LDADD = $(settle_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_layout
