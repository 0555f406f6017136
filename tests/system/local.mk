# These run built programs from outside, as a terminal and an operator see them.
system_test_libs = libtallygate.la $(OPENSSL_LIBS) $(CMOCKA_LIBS)
system_test_daemon = %D%/daemon.c %D%/daemon.h tests/gateway/pki.c tests/gateway/pki.h

check_PROGRAMS += %D%/test_daemon
tests_system_test_daemon_SOURCES = %D%/test_daemon.c $(system_test_daemon)
tests_system_test_daemon_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_system_test_daemon_LDADD = $(system_test_libs)
pipeline_tests += %D%/test_daemon

dist_check_SCRIPTS += %D%/kill_loop.py
dist_check_SCRIPTS += %D%/client.py %D%/wire.py %D%/restart.py %D%/watch.py
EXTRA_DIST += %D%/batches.py %D%/page.py %D%/server.py %D%/tallygate.py %D%/till.py %D%/world.py
