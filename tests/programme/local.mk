check_PROGRAMS += %D%/test_programme_file
tests_programme_test_programme_file_SOURCES = %D%/test_programme_file.c
tests_programme_test_programme_file_LDADD = $(programme_libs) $(CMOCKA_LIBS)
fuzz_programs += %D%/fuzz_programme
tests_programme_fuzz_programme_LDADD = $(programme_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_programme
