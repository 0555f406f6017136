noinst_LTLIBRARIES += libledger.la
libledger_la_SOURCES = \
	%D%/activate.c %D%/adjust.c %D%/answer.c %D%/apply.c %D%/apply.h %D%/apply_config.c %D%/apply_matters.c %D%/apply_moves.c %D%/apply_rows.c %D%/apply_rulebook.c %D%/apply_settlement.c \
	%D%/audit.c %D%/burn.c %D%/calendar.c %D%/calendar.h %D%/carry.c %D%/config_rows.h %D%/counters.c \
	%D%/day_end.c %D%/dispute.c %D%/document.c %D%/decide.c %D%/due.c %D%/earn.c %D%/exchange.c %D%/funding.c %D%/heap.c %D%/index.c %D%/index.h %D%/ledger.h %D%/member.c %D%/merge.c \
	%D%/original.c %D%/plan.c %D%/proposal.c \
	%D%/plan.h %D%/prefetch.c %D%/points.h %D%/record.c %D%/record.h %D%/record_codec.c %D%/record_codec_matters.c %D%/record_codec_rulebook.c %D%/record_codec_funding.c %D%/record_codec_settlement.c %D%/record_cursor.h %D%/refund.c \
	%D%/request.h %D%/reserve.c %D%/reserve.h %D%/reverse.c %D%/rows.h %D%/rulebook.c %D%/rulebook_refund.c %D%/settlement.c %D%/setup.c %D%/sponsors.c %D%/setup_rulebook.c %D%/state.c \
	%D%/state.h %D%/table.c %D%/table.h %D%/tick.c %D%/value.c %D%/view.c %D%/view.h
libledger_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
ledger_libs = libledger.la $(protocol_libs) $(XXHASH_LIBS)
