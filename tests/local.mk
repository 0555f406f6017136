# Programs that also run under ThreadSanitizer: those with more than one thread.
pipeline_tests =
# Fuzz targets.  Without libFuzzer they run in `make check`, over their corpus and mutations of it.
fuzz_programs =

# A MariaDB server of a test's own, and a proxy before it that cuts connections.
private_mariadb = %D%/mariadb.c %D%/mariadb.h
packet_proxy = %D%/packet_proxy.c %D%/packet_proxy.h

# These measure, or look at what is round the programs: one configuration of the build is enough.
whole_checks =
include tests/protocol/local.mk
include tests/ledger/local.mk
include tests/programme/local.mk
include tests/storage/local.mk
include tests/golden/local.mk
include tests/admin/local.mk
include tests/gateway/local.mk
include tests/contrib/local.mk
include tests/sim/local.mk
include tests/system/local.mk
include tests/month/local.mk

# These look at the source, not at what was built from it.
source_checks = %D%/check_style %D%/check_docs %D%/check_mutate
dist_noinst_SCRIPTS += $(source_checks) $(whole_checks) %D%/mutate
EXTRA_DIST += %D%/tap.py %D%/REQUIREMENTS.md %D%/UNTAKEN.md %D%/tsan.supp

if FUZZERS
noinst_PROGRAMS += $(fuzz_programs)
noinst_LTLIBRARIES += %D%/libfuzzseeds.la
fuzz_libs = %D%/libfuzzseeds.la $(FUZZER_LDFLAGS)
else
check_PROGRAMS += $(fuzz_programs)
check_LTLIBRARIES += %D%/libfuzzmain.la
fuzz_libs = %D%/libfuzzmain.la
endif
tests_libfuzzmain_la_SOURCES = %D%/fuzz.h %D%/fuzz_main.c %D%/fuzz_seeds.c
tests_libfuzzseeds_la_SOURCES = %D%/fuzz.h %D%/fuzz_seeds.c
CLEANFILES += $(fuzz_programs:=.input)

# The pipeline tests alone, as contrib/check runs them under ThreadSanitizer.
.PHONY: check-pipeline
check-pipeline: all-am
	$(AM_V_at)test -z '$(pipeline_tests)' || { \
		$(MAKE) $(AM_MAKEFLAGS) $(pipeline_tests) && \
		$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(pipeline_tests)'; }
