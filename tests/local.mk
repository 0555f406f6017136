# Programs that also run under ThreadSanitizer: those with more than one thread.
pipeline_tests =

include tests/protocol/local.mk
include tests/ledger/local.mk
include tests/storage/local.mk
include tests/admin/local.mk
include tests/gateway/local.mk
include tests/system/local.mk

dist_check_SCRIPTS += %D%/check_style
