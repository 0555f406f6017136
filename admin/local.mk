noinst_LTLIBRARIES += libadmin.la
libadmin_la_SOURCES = %D%/console.h %D%/host.h
libadmin_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
admin_libs = libadmin.la $(storage_libs) $(JANSSON_LIBS) $(CSV_LIBS)
