# The yardstick: the gateway beside the alternatives.  Built by `make bench`, not by `make`.
EXTRA_PROGRAMS += %D%/bench-load %D%/bench-echo
EXTRA_LTLIBRARIES += %D%/slow_sync.la

contrib_bench_bench_load_SOURCES = \
	%D%/bench.c %D%/bench.h \
	%D%/main.c \
	%D%/options.c %D%/options.h \
	%D%/system_echo.c \
	%D%/system_mariadb.c \
	%D%/system_redis.c \
	%D%/system_tallygate.c \
	%D%/system_tarantool.c
contrib_bench_bench_load_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS) \
	$(MARIADB_CFLAGS)
contrib_bench_bench_load_LDADD = $(load_libs) $(MARIADB_LIBS)

contrib_bench_bench_echo_SOURCES = %D%/echo.c
contrib_bench_bench_echo_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS)
contrib_bench_bench_echo_LDADD = $(EVENT_LIBS) $(OPENSSL_LIBS) $(protocol_libs)

contrib_bench_slow_sync_la_SOURCES = %D%/slow_sync.c
contrib_bench_slow_sync_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

dist_noinst_SCRIPTS += %D%/run %D%/guard %D%/plot
EXTRA_DIST += %D%/guard.json
EXTRA_DIST += %D%/alone.py %D%/backlog.py %D%/closing.py %D%/compare.py %D%/curves.py %D%/recover.py %D%/report.py
EXTRA_DIST += %D%/scale.py %D%/servers.py
EXTRA_DIST += %D%/README.md %D%/earn.redis.lua %D%/earn.tarantool.lua %D%/earn.mariadb.sql

.PHONY: bench
bench: gateway/tallygated admin/tally-console contrib/load/tally-load %D%/bench-load \
	%D%/bench-echo %D%/slow_sync.la tests/gateway/guard_stages \
	tests/gateway/populate tests/storage/bench_sink
