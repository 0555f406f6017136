EXTRA_DIST += %D%/README.md
# A whole coalition on a simulated disk, clock and network; see run.c.
check_PROGRAMS += %D%/run
tests_sim_run_SOURCES = %D%/run.c %D%/chance.h %D%/sim.c %D%/sim.h \
	%D%/archive.c %D%/archive.h %D%/audit.c %D%/audit.h %D%/coalition.c %D%/coalition.h %D%/damage.c %D%/damage.h %D%/desk.c %D%/desk.h \
	%D%/event.c %D%/event.h \
	%D%/model.c %D%/model.h %D%/model_earn.c %D%/model_exchange.c %D%/model_fund.c \
	%D%/model_merge.c %D%/model_points.c %D%/model_private.h \
	%D%/model_return.c %D%/model_rulebook.c %D%/model_spend.c %D%/model_value.c \
	%D%/node.c %D%/node.h %D%/office.c %D%/office.h %D%/settle.c %D%/settle.h %D%/settle_database.c %D%/settle_database.h \
	%D%/stranger.c %D%/stranger.h \
	%D%/till.c %D%/till.h %D%/wire.c %D%/wire.h %D%/work.c %D%/work.h \
	tests/storage/sim_disk.c tests/storage/sim_disk.h tests/storage/sim_disk_io.c \
	tests/storage/sim_disk_private.h
tests_sim_run_LDADD = $(gateway_libs)
tests_sim_run_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS)
tests_sim_run_LDFLAGS = -Wl,--wrap=clock_mono_us \
	-Wl,--wrap=database_open,--wrap=database_close,--wrap=database_failure \
	-Wl,--wrap=database_run,--wrap=database_query,--wrap=database_bulk_prepare \
	-Wl,--wrap=database_bulk_run,--wrap=database_bulk_free,--wrap=database_check \
	-Wl,--wrap=migrate_run,--wrap=sink_partition_ahead
