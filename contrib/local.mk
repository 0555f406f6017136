EXTRA_DIST += %D%/packages.txt
dist_noinst_SCRIPTS += %D%/check %D%/check-deb %D%/coverage %D%/prove %D%/quickstart
EXTRA_DIST += %D%/examples/members.csv %D%/examples/partners.csv %D%/examples/rules.csv \
	%D%/examples/layout-csv.conf %D%/examples/layout-csv.txt \
	%D%/examples/layout-fixed.conf %D%/examples/layout-fixed.txt \
	%D%/examples/stores.csv %D%/examples/terminals.csv %D%/examples/transactions.csv

# Tills to begin with, each in its language; tests/contrib/test_examples.py runs them.
noinst_PROGRAMS += %D%/examples/terminal
contrib_examples_terminal_SOURCES = %D%/examples/terminal.c
contrib_examples_terminal_CPPFLAGS = -I$(top_srcdir)/protocol -I$(top_srcdir)
contrib_examples_terminal_LDADD = libtallygate.la
dist_noinst_SCRIPTS += %D%/examples/terminal.js %D%/examples/terminal.py
EXTRA_DIST += %D%/examples/README.md %D%/examples/mariadb.cnf %D%/examples/package.json

# What the clients share.
noinst_LTLIBRARIES += libclients.la
libclients_la_SOURCES = \
	%D%/common/cell.c %D%/common/cell.h \
	%D%/common/day.c %D%/common/day.h \
	%D%/common/failure.c %D%/common/failure.h \
	%D%/common/gauge.c %D%/common/gauge.h \
	%D%/common/identity.c %D%/common/identity.h \
	%D%/common/mistakes.c %D%/common/mistakes.h \
	%D%/common/settings.c %D%/common/settings.h \
	%D%/common/transaction_id.c %D%/common/transaction_id.h \
	%D%/common/when.c %D%/common/when.h \
	%D%/common/word.c %D%/common/word.h
libclients_la_CPPFLAGS = $(AM_CPPFLAGS) $(CONFIG_CFLAGS)
clients_libs = libclients.la $(protocol_libs) $(CONFIG_LIBS)

# tally-load without its main(), so that tests link it.
noinst_LTLIBRARIES += libload.la
libload_la_SOURCES = \
	%D%/load/asker.c %D%/load/asker.h \
	%D%/load/day_command.c %D%/load/day_command.h \
	%D%/load/endpoint.c %D%/load/endpoint.h \
	%D%/load/engine.c %D%/load/engine.h \
	%D%/load/enroller.c %D%/load/enroller.h \
	%D%/load/findings.c %D%/load/findings.h \
	%D%/load/flight.c %D%/load/flight.h \
	%D%/load/histogram.c %D%/load/histogram.h \
	%D%/load/history.c %D%/load/history.h \
	%D%/load/load.c %D%/load/load.h \
	%D%/load/logbook.c %D%/load/logbook.h \
	%D%/load/map.c %D%/load/map.h \
	%D%/load/members.c %D%/load/members.h \
	%D%/load/meter.c %D%/load/meter.h \
	%D%/load/mix.c %D%/load/mix.h \
	%D%/load/mixer.c %D%/load/mixer.h \
	%D%/load/model.c %D%/load/model.h \
	%D%/load/options.c %D%/load/options.h \
	%D%/load/prng.c %D%/load/prng.h \
	%D%/load/replay.c %D%/load/replay.h \
	%D%/load/report.c %D%/load/report.h \
	%D%/load/request.c %D%/load/request.h \
	%D%/load/session.c %D%/load/session.h \
	%D%/load/slot.c %D%/load/slot.h \
	%D%/load/source.h \
	%D%/load/stage.c %D%/load/stage.h \
	%D%/load/terminals.c %D%/load/terminals.h \
	%D%/load/trace.c %D%/load/trace.h \
	%D%/load/verify.c %D%/load/verify.h
libload_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS) \
	$(XXHASH_CFLAGS)
load_libs = libload.la $(clients_libs) $(EVENT_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(XXHASH_LIBS) $(CSV_LIBS)

bin_PROGRAMS += %D%/load/tally-load
contrib_load_tally_load_SOURCES = %D%/load/main.c
contrib_load_tally_load_LDADD = $(load_libs)
scdoc_pages += %D%/load/tally-load.1.scd

# tally without its main(), so that tests link it.
noinst_LTLIBRARIES += libtally.la
libtally_la_SOURCES = \
	%D%/tally/activate.c %D%/tally/activate.h \
	%D%/tally/answer.c %D%/tally/answer.h \
	%D%/tally/answer_json.c \
	%D%/tally/look.c %D%/tally/look.h \
	%D%/tally/order.c %D%/tally/order.h \
	%D%/tally/queue.c %D%/tally/queue.h \
	%D%/tally/settings.c %D%/tally/settings.h
libtally_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tally_libs = libtally.la libclients.la libtallygate.la $(CONFIG_LIBS) $(JANSSON_LIBS)

bin_PROGRAMS += %D%/tally/tally
contrib_tally_tally_SOURCES = %D%/tally/main.c
contrib_tally_tally_LDADD = $(tally_libs)
scdoc_pages += %D%/tally/tally.1.scd

# What reads files and sends them: tally-settle and tally-import.
noinst_LTLIBRARIES += libupload.la
libupload_la_SOURCES = \
	%D%/common/kept.c %D%/common/kept.h \
	%D%/common/outcome.c %D%/common/outcome.h \
	%D%/common/table.c %D%/common/table.h \
	%D%/common/totals.c %D%/common/totals.h \
	%D%/common/upload.c %D%/common/upload.h
libupload_la_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
upload_libs = libupload.la libclients.la $(csv_reader_libs) libtallygate.la $(OPENSSL_LIBS) \
	$(CONFIG_LIBS)

# tally-settle without its main(), so that tests link it.
noinst_LTLIBRARIES += libsettle.la
libsettle_la_SOURCES = \
	%D%/settle/ask.c %D%/settle/ask.h \
	%D%/settle/day_end.c %D%/settle/day_end.h \
	%D%/settle/day_log.c %D%/settle/day_log.h \
	%D%/settle/documents.c %D%/settle/documents.h \
	%D%/settle/entries.c %D%/settle/entries.h \
	%D%/settle/layout.c %D%/settle/layout.h \
	%D%/settle/layout_file.c \
	%D%/settle/layout_value.c %D%/settle/layout_value.h \
	%D%/settle/quarantine.c %D%/settle/quarantine.h \
	%D%/settle/results.c %D%/settle/results.h \
	%D%/settle/rows.c %D%/settle/rows.h \
	%D%/settle/settings.c %D%/settle/settings.h \
	%D%/settle/settle.c %D%/settle/settle.h
settle_libs = libsettle.la $(upload_libs)

bin_PROGRAMS += %D%/settle/tally-settle
contrib_settle_tally_settle_SOURCES = %D%/settle/main.c
contrib_settle_tally_settle_LDADD = $(settle_libs)
scdoc_pages += %D%/settle/tally-settle.1.scd

# tally-import without its main(), so that tests link it.
noinst_LTLIBRARIES += libimport.la
libimport_la_SOURCES = \
	%D%/import/compare.c \
	%D%/import/members.c \
	%D%/import/people.c %D%/import/people.h \
	%D%/import/run.c %D%/import/run.h \
	%D%/import/settings.c %D%/import/settings.h
import_libs = libimport.la $(upload_libs)

bin_PROGRAMS += %D%/import/tally-import
contrib_import_tally_import_SOURCES = %D%/import/main.c
contrib_import_tally_import_LDADD = $(import_libs)
scdoc_pages += %D%/import/tally-import.1.scd

# A harness for the software of terminals.
bin_PROGRAMS += %D%/certify/tally-certify
contrib_certify_tally_certify_SOURCES = \
	%D%/certify/authority.c %D%/certify/authority.h \
	%D%/certify/book.c %D%/certify/book.h \
	%D%/certify/breach.c %D%/certify/breach.h \
	%D%/certify/command.c %D%/certify/command.h \
	%D%/certify/judge.c %D%/certify/judge.h \
	%D%/certify/main.c \
	%D%/certify/options.c %D%/certify/options.h \
	%D%/certify/report.c %D%/certify/report.h \
	%D%/certify/round.c %D%/certify/round.h \
	%D%/certify/serve.c %D%/certify/serve.h \
	%D%/certify/trace.c %D%/certify/trace.h \
	%D%/certify/widen.c %D%/certify/widen.h \
	%D%/certify/wire.c %D%/certify/wire.h
contrib_certify_tally_certify_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
contrib_certify_tally_certify_LDADD = libclients.la libtallygate.la $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(CONFIG_LIBS)
scdoc_pages += %D%/certify/tally-certify.1.scd

include contrib/bench/local.mk

# For those who watch; tests/contrib/observe.py checks them.
EXTRA_DIST += %D%/grafana/tallygate.json %D%/prometheus/prometheus.yml \
	%D%/prometheus/tallygate.rules.yml %D%/prometheus/tallygate.test.yml

# For a machine with systemd: where the folders are, configure tells.
systemdsystemunit_DATA = %D%/systemd/tallygated.service
dist_systemdsystemunit_DATA = %D%/systemd/tallygated.socket
dist_sysusers_DATA = %D%/systemd/sysusers.d/tallygate.conf
tmpfiles_DATA = %D%/systemd/tmpfiles.d/tallygate.conf
EXTRA_DIST += %D%/systemd/tallygated.service.in %D%/systemd/tmpfiles.d/tallygate.conf.in
CLEANFILES += $(systemdsystemunit_DATA) $(tmpfiles_DATA)
substitute = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's,[@]sbindir[@],$(sbindir),' \
	-e 's,[@]sysconfdir[@],$(sysconfdir),' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
%D%/systemd/tallygated.service: %D%/systemd/tallygated.service.in Makefile
	$(substitute)
%D%/systemd/tmpfiles.d/tallygate.conf: %D%/systemd/tmpfiles.d/tallygate.conf.in Makefile
	$(substitute)

# bash looks for a file of each program's name.
completions_DATA = %D%/completion/tally
EXTRA_DIST += %D%/completion/tally.bash.in
CLEANFILES += %D%/completion/tally
completed_programs = `echo ' $(bin_PROGRAMS) $(sbin_PROGRAMS)' | $(SED) 's, [^ ]*/, ,g'`
%D%/completion/tally: %D%/completion/tally.bash.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e "s,[@]programs[@],$(completed_programs)," \
		$(srcdir)/%D%/completion/tally.bash.in >$@.tmp && mv $@.tmp $@

# The sample is what the gateway starts with, until the operator has made it his own.
config_installed = $(DESTDIR)$(sysconfdir)/tallygate/tallygate.conf
install-data-hook:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/tallygate'
	test -e '$(config_installed)' || \
		$(INSTALL_DATA) $(srcdir)/%D%/examples/tallygate.conf '$(config_installed)'
	cd '$(DESTDIR)$(completionsdir)' && for name in $(completed_programs); do \
		test $$name = tally || $(LN_S) -f tally $$name || exit 1; done
uninstall-hook:
	! cmp -s $(srcdir)/%D%/examples/tallygate.conf '$(config_installed)' || \
		rm -f '$(config_installed)'
	for name in $(completed_programs); do \
		rm -f '$(DESTDIR)$(completionsdir)'/$$name; done

# A Debian package of this machine's release, in the folder deb: from the source archive, as the
# tools want it.  What it takes to build it is what packages.txt says.
EXTRA_DIST += %D%/debian/changelog %D%/debian/control.in %D%/debian/copyright \
	%D%/debian/libtallygate-dev.install %D%/debian/libtallygate0.install \
	%D%/debian/not-installed %D%/debian/rules %D%/debian/source/format \
	%D%/debian/tallygate-client.install %D%/debian/tallygate.README.Debian \
	%D%/debian/tallygate.install %D%/debian/tallygate.postinst %D%/debian/tallygate.postrm \
	%D%/debian/tallygate.prerm
.PHONY: deb
deb: dist-xz
	rm -rf deb && $(MKDIR_P) deb
	mv $(distdir).tar.xz deb/$(PACKAGE)_$(VERSION).orig.tar.xz
	cd deb && tar -xf $(PACKAGE)_$(VERSION).orig.tar.xz
	cp -R deb/$(distdir)/contrib/debian deb/$(distdir)/debian
	packages=`$(SED) -nE -e '/ (gcc|libc6-dev|make)$$/d' -e 's/^build +/, /p' \
		$(srcdir)/%D%/packages.txt | tr -d '\n'`; \
		$(SED) -e "s/[@]build_depends[@]/debhelper-compat (= 13)$$packages/" \
		deb/$(distdir)/debian/control.in >deb/$(distdir)/debian/control
	rm deb/$(distdir)/debian/control.in
	cd deb/$(distdir) && dpkg-buildpackage -us -uc -b
	rm -rf deb/$(distdir)
clean-local: clean-deb
clean-deb:
	rm -rf deb
