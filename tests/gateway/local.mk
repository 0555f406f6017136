gateway_test_libs = $(gateway_libs) $(CMOCKA_LIBS)

# Run by contrib/bench/guard, and built for it.
EXTRA_PROGRAMS += %D%/guard_stages
tests_gateway_guard_stages_SOURCES = %D%/guard_stages.c tests/ledger/fixture.c tests/ledger/fixture.h
tests_gateway_guard_stages_LDADD = $(gateway_test_libs)
# Run by contrib/bench/run, and built for it.
EXTRA_PROGRAMS += %D%/populate
tests_gateway_populate_SOURCES = %D%/populate.c tests/ledger/fixture.c tests/ledger/fixture.h
tests_gateway_populate_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_config
tests_gateway_test_config_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_log
tests_gateway_test_log_LDADD = $(gateway_test_libs)
gateway_peer = %D%/peer.c %D%/peer.h %D%/pki.c %D%/pki.h
check_PROGRAMS += %D%/test_stream
tests_gateway_test_stream_SOURCES = %D%/test_stream.c $(gateway_peer)
tests_gateway_test_stream_LDADD = $(gateway_test_libs)

# These run over a pipeline without a ledger, which must stand before the library.
io_fixture_sources = $(gateway_peer) \
	%D%/io_fixture.c %D%/io_fixture.h \
	%D%/pipeline_double.c %D%/pipeline_double.h
check_PROGRAMS += %D%/test_session
tests_gateway_test_session_SOURCES = %D%/test_session.c $(io_fixture_sources)
tests_gateway_test_session_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_deadline
tests_gateway_test_deadline_SOURCES = %D%/test_deadline.c $(io_fixture_sources)
tests_gateway_test_deadline_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_request
tests_gateway_test_request_SOURCES = %D%/test_request.c $(io_fixture_sources)
tests_gateway_test_request_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_meter
tests_gateway_test_meter_SOURCES = %D%/test_meter.c $(io_fixture_sources)
tests_gateway_test_meter_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_batch
tests_gateway_test_batch_SOURCES = %D%/test_batch.c $(io_fixture_sources)
tests_gateway_test_batch_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_translate
tests_gateway_test_translate_SOURCES = %D%/test_translate.c $(io_fixture_sources)
tests_gateway_test_translate_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_network
network_fixture_sources = $(gateway_peer) \
	%D%/network_fixture.c %D%/network_fixture.h \
	%D%/pipeline_double.c %D%/pipeline_double.h
tests_gateway_test_network_SOURCES = %D%/test_network.c $(network_fixture_sources)
tests_gateway_test_network_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_network
check_PROGRAMS += %D%/fault_reload
tests_gateway_fault_reload_SOURCES = %D%/fault_reload.c $(network_fixture_sources)
tests_gateway_fault_reload_LDADD = $(gateway_test_libs)
tests_gateway_fault_reload_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
pipeline_tests += %D%/fault_reload
check_PROGRAMS += %D%/test_fleet
tests_gateway_test_fleet_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_partner_rates
tests_gateway_test_partner_rates_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_wheel
tests_gateway_test_wheel_LDADD = $(gateway_test_libs)

check_PROGRAMS += %D%/test_queue
tests_gateway_test_queue_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_queue
check_PROGRAMS += %D%/test_clock
tests_gateway_test_clock_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_zone
tests_gateway_test_zone_LDADD = $(gateway_test_libs)

# These run over a ledger without rules, which must stand before the library.
pipeline_fixture_sources = \
	%D%/gate_io.c %D%/gate_io.h \
	%D%/ledger_double.c %D%/ledger_double.h \
	%D%/pipeline_fixture.c %D%/pipeline_fixture.h
check_PROGRAMS += %D%/test_pipeline
tests_gateway_test_pipeline_SOURCES = %D%/test_pipeline.c $(pipeline_fixture_sources)
tests_gateway_test_pipeline_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_pipeline
check_PROGRAMS += %D%/test_pipeline_threads
tests_gateway_test_pipeline_threads_SOURCES = %D%/test_pipeline_threads.c \
	$(pipeline_fixture_sources)
tests_gateway_test_pipeline_threads_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_pipeline_threads
check_PROGRAMS += %D%/test_port
tests_gateway_test_port_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_control
tests_gateway_test_control_SOURCES = %D%/test_control.c $(pipeline_fixture_sources)
tests_gateway_test_control_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_control

# A ledger with rules, on a simulated disk.
world_sources = %D%/world.c %D%/world.h tests/ledger/fixture.c tests/ledger/fixture.h \
	tests/storage/sim_disk.c tests/storage/sim_disk.h tests/storage/sim_disk_io.c \
	tests/storage/sim_disk_private.h
check_PROGRAMS += %D%/test_recovery
tests_gateway_test_recovery_SOURCES = %D%/test_recovery.c $(world_sources)
tests_gateway_test_recovery_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/sim_recovery
tests_gateway_sim_recovery_SOURCES = %D%/sim_recovery.c $(world_sources)
tests_gateway_sim_recovery_LDADD = $(gateway_test_libs)

# A MariaDB of its own with records in it.
check_PROGRAMS += %D%/test_originals
tests_gateway_test_originals_SOURCES = %D%/test_originals.c $(sink_fixture)
tests_gateway_test_originals_LDADD = $(gateway_test_libs)
pipeline_tests += %D%/test_originals

fuzz_programs += %D%/fuzz_session
tests_gateway_fuzz_session_SOURCES = %D%/fuzz_session.c $(io_fixture_sources) $(fuzz_tables)
tests_gateway_fuzz_session_LDADD = $(gateway_test_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_session
fuzz_programs += %D%/fuzz_config
tests_gateway_fuzz_config_LDADD = $(gateway_test_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_config
