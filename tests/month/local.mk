# A worked month, by text tables, and the real history spread over partners.
dist_check_SCRIPTS += %D%/month.py %D%/purchases.py
EXTRA_DIST += %D%/README.md %D%/exchange.conf %D%/members.txt %D%/pooled.txt %D%/promotion.conf %D%/setup.txt %D%/shadow.conf %D%/shadow.txt %D%/tables.py %D%/traced.txt %D%/trade.txt
