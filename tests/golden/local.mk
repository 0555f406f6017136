check_PROGRAMS += %D%/test_golden
tests_golden_test_golden_SOURCES = %D%/test_golden.c %D%/golden_history.c %D%/golden_history.h
tests_golden_test_golden_LDADD = $(storage_test_libs)
EXTRA_DIST += %D%/README.md %D%/v1
