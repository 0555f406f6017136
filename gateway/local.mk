noinst_LTLIBRARIES += libgateway.la
libgateway_la_SOURCES =
# The network side: configuration, log, connections.
libgateway_la_SOURCES += %D%/activation.c %D%/activation.h
libgateway_la_SOURCES += %D%/address.c %D%/address.h
libgateway_la_SOURCES += %D%/auth.c %D%/auth.h
libgateway_la_SOURCES += %D%/batch.c %D%/batch.h
libgateway_la_SOURCES += %D%/census.c %D%/census.h
libgateway_la_SOURCES += %D%/config.c %D%/config.h %D%/config_table.h
libgateway_la_SOURCES += %D%/config_file.c %D%/config_print.c
libgateway_la_SOURCES += %D%/config_number.c %D%/config_number.h
libgateway_la_SOURCES += %D%/config_value.c %D%/config_value.h
libgateway_la_SOURCES += %D%/figure.c %D%/figure.h
libgateway_la_SOURCES += %D%/failures.c %D%/failures.h
libgateway_la_SOURCES += %D%/fleet.c %D%/fleet.h %D%/fleet_sums.c %D%/fleet_sums.h
libgateway_la_SOURCES += %D%/identifier.c %D%/identifier.h
libgateway_la_SOURCES += %D%/input.c %D%/input.h
libgateway_la_SOURCES += %D%/io.h %D%/io_thread.c %D%/io_thread.h
libgateway_la_SOURCES += %D%/listener.c %D%/listener.h
libgateway_la_SOURCES += %D%/load.c %D%/load.h
libgateway_la_SOURCES += %D%/log.c %D%/log.h
libgateway_la_SOURCES += %D%/mailbox.c %D%/mailbox.h
libgateway_la_SOURCES += %D%/meter.c %D%/meter.h
libgateway_la_SOURCES += %D%/network.c %D%/network.h
libgateway_la_SOURCES += %D%/output.c %D%/output.h
libgateway_la_SOURCES += %D%/reply.c %D%/reply.h
libgateway_la_SOURCES += %D%/request.c %D%/request.h
libgateway_la_SOURCES += %D%/roll_call.c %D%/roll_call.h
libgateway_la_SOURCES += %D%/secret.c %D%/secret.h
libgateway_la_SOURCES += %D%/session.c %D%/session.h %D%/session_table.c
libgateway_la_SOURCES += %D%/sockets.c %D%/sockets.h
libgateway_la_SOURCES += %D%/stream.c %D%/stream.h
libgateway_la_SOURCES += %D%/ticket.c %D%/ticket.h
libgateway_la_SOURCES += %D%/tls.c %D%/tls.h
libgateway_la_SOURCES += %D%/translate.c %D%/translate.h
libgateway_la_SOURCES += %D%/pace.c %D%/pace.h
libgateway_la_SOURCES += %D%/wheel.c %D%/wheel.h
# The pipeline side: time, queues, the ledger step, the journal's batches.
libgateway_la_SOURCES += %D%/clock.c %D%/clock.h
libgateway_la_SOURCES += %D%/console_figures.c %D%/console_figures.h
libgateway_la_SOURCES += %D%/console_host.c %D%/console_host.h
libgateway_la_SOURCES += %D%/control.c %D%/control.h
libgateway_la_SOURCES += %D%/cut_off.c %D%/cut_off.h
libgateway_la_SOURCES += %D%/database_options.c %D%/database_options.h
libgateway_la_SOURCES += %D%/errand.c %D%/errand.h
libgateway_la_SOURCES += %D%/evidence.c %D%/evidence.h
libgateway_la_SOURCES += %D%/gateway.c %D%/gateway.h
libgateway_la_SOURCES += %D%/journal_thread.c %D%/journal_thread.h
libgateway_la_SOURCES += %D%/ledger_step.c %D%/ledger_step.h
libgateway_la_SOURCES += %D%/metric_table.h %D%/metrics.c %D%/metrics.h %D%/metrics_view.c
libgateway_la_SOURCES += %D%/monitor.c %D%/monitor.h
libgateway_la_SOURCES += %D%/open_batch.c %D%/open_batch.h
libgateway_la_SOURCES += %D%/originals.c %D%/originals.h
libgateway_la_SOURCES += %D%/partner_rates.c %D%/partner_rates.h
libgateway_la_SOURCES += %D%/phase.h
libgateway_la_SOURCES += %D%/pipeline.c %D%/pipeline.h
libgateway_la_SOURCES += %D%/process.c %D%/process.h
libgateway_la_SOURCES += %D%/reload.c %D%/reload.h
libgateway_la_SOURCES += %D%/port.c %D%/port.h
libgateway_la_SOURCES += %D%/programme.c %D%/programme.h
libgateway_la_SOURCES += %D%/queue.c %D%/queue.h
libgateway_la_SOURCES += %D%/recovery.c %D%/recovery.h
libgateway_la_SOURCES += %D%/settlement.c %D%/settlement.h
libgateway_la_SOURCES += %D%/sink_thread.c %D%/sink_thread.h
libgateway_la_SOURCES += %D%/snapshot_driver.c %D%/snapshot_driver.h
libgateway_la_SOURCES += %D%/supervisor.c %D%/supervisor.h
libgateway_la_SOURCES += %D%/timers.c %D%/timers.h
libgateway_la_SOURCES += %D%/upkeep.c %D%/upkeep.h
libgateway_la_SOURCES += %D%/waker.c %D%/waker.h
libgateway_la_SOURCES += %D%/zone.c %D%/zone.h
libgateway_la_CPPFLAGS = $(AM_CPPFLAGS) $(CONFIG_CFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS) \
	$(SYSTEMD_CFLAGS) $(XXHASH_CFLAGS)
gateway_libs = libgateway.la $(admin_libs) $(CONFIG_LIBS) $(EVENT_LIBS) $(SYSTEMD_LIBS)

# Prints CONFIG.md and contrib/examples/tallygate.conf from the key table; see tests/check_docs.
noinst_PROGRAMS += %D%/gen_config
gateway_gen_config_SOURCES = %D%/gen_config.c
gateway_gen_config_LDADD = $(gateway_libs)
dist_doc_DATA += %D%/CONFIG.md contrib/examples/tallygate.conf

# Prints METRICS.md from the metric table; see tests/check_docs.
noinst_PROGRAMS += %D%/gen_metrics
gateway_gen_metrics_SOURCES = %D%/gen_metrics.c
gateway_gen_metrics_LDADD = $(gateway_libs)
dist_doc_DATA += %D%/METRICS.md

sbin_PROGRAMS += %D%/tallygated
gateway_tallygated_SOURCES = %D%/main.c
gateway_tallygated_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
gateway_tallygated_LDADD = $(gateway_libs)
scdoc_pages += %D%/tallygated.8.scd
scdoc_printed += %D%/tallygate.conf.5.scd
%D%/tallygate.conf.5.scd: %D%/gen_config$(EXEEXT)
	$(AM_V_GEN)%D%/gen_config manual >$@.tmp && mv $@.tmp $@
