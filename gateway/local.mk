noinst_LTLIBRARIES += libgateway.la
libgateway_la_SOURCES =
libgateway_la_CPPFLAGS = $(AM_CPPFLAGS) $(CONFIG_CFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS)
gateway_libs = libgateway.la $(admin_libs) $(CONFIG_LIBS) $(EVENT_LIBS)
