# These run built programs from outside, as a terminal and an operator see them.
system_test_libs = libtallygate.la $(OPENSSL_LIBS) $(CMOCKA_LIBS)
system_test_daemon = %D%/daemon.c %D%/daemon.h tests/gateway/pki.c tests/gateway/pki.h

check_PROGRAMS += %D%/test_daemon
tests_system_test_daemon_SOURCES = %D%/test_daemon.c $(system_test_daemon)
tests_system_test_daemon_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_daemon_LDADD = $(system_test_libs)
pipeline_tests += %D%/test_daemon
check_PROGRAMS += %D%/test_failover
tests_system_test_failover_SOURCES = %D%/test_failover.c $(system_test_daemon)
tests_system_test_failover_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_failover_LDADD = $(system_test_libs)
check_PROGRAMS += %D%/test_monitor
tests_system_test_monitor_SOURCES = %D%/test_monitor.c $(system_test_daemon)
tests_system_test_monitor_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_monitor_LDADD = $(system_test_libs)
pipeline_tests += %D%/test_monitor

# Peers that OpenSSL plays, with help.
check_PROGRAMS += %D%/test_tls
tests_system_test_tls_SOURCES = %D%/test_tls.c %D%/daemon.c %D%/daemon.h $(gateway_peer)
tests_system_test_tls_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_tls_LDADD = libtallygate.la $(gateway_test_libs)

# Every command of the console, a conversation by expect, and answers under load.
dist_check_SCRIPTS += %D%/every_command.py %D%/saturated.py
EXTRA_DIST += %D%/console.exp

# A gateway over a MariaDB that is killed: compared column by column, as the sink's tests do.
check_PROGRAMS += %D%/test_settlement
tests_system_test_settlement_SOURCES = %D%/test_settlement.c $(system_test_daemon) \
	$(private_mariadb) \
	tests/storage/expected_text.c tests/storage/expected_text.h \
	$(sink_compare) tests/storage/sink_fixture.h
tests_system_test_settlement_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_settlement_LDADD = $(system_test_libs) $(storage_test_libs)

dist_check_SCRIPTS += %D%/kill_loop.py %D%/supervise.py
dist_check_SCRIPTS += %D%/client.py %D%/console.py %D%/metrics.py %D%/wire.py %D%/restart.py %D%/watch.py
dist_check_SCRIPTS += %D%/tally_console.py
dist_check_SCRIPTS += %D%/activation.py %D%/day_end.py %D%/exchange.py %D%/stored_value.py %D%/history.py %D%/originals.py %D%/sandbox.py
dist_check_SCRIPTS += %D%/campaigns.py %D%/explain.py %D%/funding.py %D%/keeping.py %D%/partner_statements.py %D%/statements.py
dist_check_SCRIPTS += %D%/service.py

# Who does not own it, and who means harm.
dist_check_SCRIPTS += %D%/abuse.py %D%/certificates.py %D%/intruder.py %D%/isolation.py %D%/secrets.py
dist_check_SCRIPTS += %D%/soak.py

# Calls that fail.  The shim takes the place of functions that sanitizers have, too.
whole_checks += %D%/failing.py
check_LTLIBRARIES += %D%/failing_calls.la
tests_system_failing_calls_la_SOURCES = %D%/failing_calls.c
tests_system_failing_calls_la_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(CONFIG_CFLAGS)
tests_system_failing_calls_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
whole_checks += %D%/stores.py %D%/town.py
EXTRA_DIST += %D%/batches.py %D%/desk.py %D%/page.py %D%/proof.py %D%/scrape.py %D%/server.py %D%/tallygate.py %D%/till.py \
	%D%/world.py
