/*
 * config_table.h - the one list of configuration keys.
 *
 * A row is the whole truth about a key: members of struct config, reading, checking, printing, the
 * reference gateway/CONFIG.md and the sample contrib/examples/tallygate.conf all come from it.
 *
 * Columns: group, name, type, default, lower bound, upper bound, unit, reloadable, help.
 * The key is "group.name" and the member group_name.  Bounds are of the value for INT, of the
 * number of bytes for TEXT, of the number of entries for LIST.  The default stands as it would in
 * the file; that of a LIST is one entry, or nothing.  The unit of a CHOICE is its words, in the
 * order of its enum in config.h.  CONFIG_KEEP: a change needs a restart; CONFIG_SWAP: it takes
 * effect on SIGHUP.
 */
#ifndef TG_GATEWAY_CONFIG_TABLE_H
#define TG_GATEWAY_CONFIG_TABLE_H

/* clang-format off */
#define CONFIG_LIST(X) \
	X(gateway, instance, TEXT, "tallygate", 1, 64, "", CONFIG_KEEP, \
	  "name of the coalition's instance; told to terminals, part of every terminal's key") \
	X(gateway, io_threads, INT, "1", 1, 64, "threads", CONFIG_KEEP, \
	  "threads that serve connections") \
	X(gateway, ledger_thread, CHOICE, "own", 0, 0, "inline|own", CONFIG_KEEP, \
	  "where the ledger step runs: inline on the first I/O thread, or on its own thread; own " \
	  "is faster for batches and pipelined requests, and as fast for others") \
	X(gateway, drain_ms, INT, "10000", 0, 600000, "ms", CONFIG_SWAP, \
	  "longest wait at shutdown for answers in flight and for peers to close") \
	X(gateway, reconnect_after_ms, INT, "500", 0, 600000, "ms", CONFIG_SWAP, \
	  "at shutdown terminals are asked to reconnect after this ...") \
	X(gateway, reconnect_spread_ms, INT, "4000", 0, 3600000, "ms", CONFIG_SWAP, \
	  "... plus a random time up to this") \
	X(gateway, sink_flush_ms, INT, "5000", 0, 600000, "ms", CONFIG_SWAP, \
	  "longest wait at shutdown, after that, for MariaDB to take the last records") \
	X(gateway, snapshot_at_end, BOOL, "false", 0, 1, "", CONFIG_SWAP, \
	  "make a snapshot at shutdown, for a faster start") \
	X(listen, tls, LIST, "0.0.0.0:7411", 0, 16, "addresses", CONFIG_KEEP, \
	  "numeric addresses with port where TLS connections are accepted; IPv6 in brackets") \
	X(listen, plain, LIST, "", 0, 16, "addresses", CONFIG_KEEP, \
	  "the same without TLS; loopback addresses only") \
	X(listen, backlog, INT, "4096", 1, 65535, "connections", CONFIG_KEEP, \
	  "connections that the kernel keeps waiting to be accepted") \
	X(tls, certificate_file, TEXT, "", 0, 511, "path", CONFIG_SWAP, \
	  "the server's certificate chain, PEM, its own first; read again on SIGHUP") \
	X(tls, key_file, TEXT, "", 0, 511, "path", CONFIG_SWAP, \
	  "private key of the certificate, PEM; read again on SIGHUP") \
	X(tls, ca_file, TEXT, "", 0, 511, "path", CONFIG_SWAP, \
	  "authorities whose client certificates are accepted, PEM; none: no client certificates") \
	X(tls, crl_file, TEXT, "", 0, 511, "path", CONFIG_SWAP, \
	  "revocation lists of those authorities, PEM; none: revocation is not checked") \
	X(tls, version_min, CHOICE, "1.2", 0, 0, "1.2|1.3", CONFIG_SWAP, \
	  "oldest TLS version spoken") \
	X(tls, ticket_file, TEXT, "", 0, 511, "path", CONFIG_SWAP, \
	  "secret (32 bytes or more) that ticket keys come from, shared by gateways and kept over" \
	  " restarts; none: random at start") \
	X(tls, ticket_ms, INT, "43200000", 60000, 604800000, "ms", CONFIG_SWAP, \
	  "time after which the ticket key changes; a ticket lives once to twice as long") \
	X(keys, master_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "secret (32 bytes or more) that every terminal's key is derived from") \
	X(keys, identifier_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "secret (32 bytes or more) under which identifiers are stored") \
	X(keys, identifier_number, INT, "1", 1, 255, "", CONFIG_KEEP, \
	  "number of that key, stored with each identifier; a new key has a new number") \
	X(keys, identifier_old_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "the secret before, while identifiers move to the newer one") \
	X(keys, identifier_old_number, INT, "0", 0, 255, "", CONFIG_KEEP, \
	  "number of the key before, 0 for none") \
	X(data, directory, TEXT, "/var/lib/tallygate", 1, 400, "path", CONFIG_KEEP, \
	  "where journal, snapshots and the instance lock are") \
	X(data, archive_directory, TEXT, "", 0, 400, "path", CONFIG_KEEP, \
	  "where compressed segments go; none: directory archive in data.directory") \
	X(data, snapshot_ms, INT, "900000", 0, 604800000, "ms", CONFIG_SWAP, \
	  "time from one snapshot to the next, 0 for none") \
	X(data, snapshots_kept, INT, "2", 2, 100, "snapshots", CONFIG_SWAP, \
	  "snapshots kept; journal segments from the oldest one on are kept too") \
	X(journal, backend, CHOICE, "file", 0, 0, "file|memory", CONFIG_KEEP, \
	  "where records become durable; memory forgets them, for tests only") \
	X(journal, segment_bytes, INT, "67108864", 4194304, 1073741824, "bytes", CONFIG_KEEP, \
	  "size of a journal segment") \
	X(journal, batch_bytes, INT, "4194304", 2097152, 16777216, "bytes", CONFIG_KEEP, \
	  "size of a journal batch at most") \
	X(journal, mirror_directory, TEXT, "", 0, 400, "path", CONFIG_KEEP, \
	  "a second data directory, on another disk, where each batch is synced, too, before it" \
	  " is answered; it must be there: a disk not mounted is noticed; none: no mirror") \
	X(journal, mirror_failure, CHOICE, "stop", 0, 0, "stop|alone", CONFIG_KEEP, \
	  "when the mirror cannot be written: stop, as with the journal itself, or go on alone," \
	  " with an alarm, until the next start, which completes the mirror") \
	X(journal, idle_mark_ms, INT, "10", 1, 60000, "ms", CONFIG_KEEP, \
	  "idle time after which the journal's last batch is marked durable") \
	X(journal, reserve_bytes, INT, "67108864", 0, INT64_MAX, "bytes", CONFIG_KEEP, \
	  "size of a file kept to be deleted when the disk is full, for an orderly end") \
	X(journal, low_water_bytes, INT, "268435456", 0, INT64_MAX, "bytes", CONFIG_KEEP, \
	  "free disk space below which new records are refused") \
	X(queue, requests, INT, "4096", 64, 1048576, "requests", CONFIG_KEEP, \
	  "requests of one I/O thread that may be on their way at once") \
	X(queue, reserved, INT, "64", 0, 65536, "requests", CONFIG_KEEP, \
	  "of these, kept for release and reversal") \
	X(queue, batch_items, INT, "2048", 1, 1048576, "items", CONFIG_KEEP, \
	  "of these, items of batches, at most half of all: as many as are decided while the " \
	  "disk syncs; more cost time in the processor's caches") \
	X(queue, delay_ms, INT, "100", 1, 60000, "ms", CONFIG_SWAP, \
	  "bound of the wait for the ledger step; beyond it requests are answered BUSY") \
	X(queue, retry_after_ms, INT, "200", 1, 600000, "ms", CONFIG_SWAP, \
	  "a BUSY answer asks to wait for this, plus a random time up to as much again") \
	X(limits, connections, INT, "20000", 1, 1000000, "connections", CONFIG_KEEP, \
	  "connections open at once; more are closed when accepted") \
	X(limits, partner_connections, INT, "10000", 1, 1000000, "connections", CONFIG_SWAP, \
	  "connections of one partner") \
	X(limits, partner_in_flight, INT, "8192", 1, 1000000, "requests", CONFIG_SWAP, \
	  "unanswered requests of one partner; more are answered BUSY") \
	X(limits, requests_per_second, INT, "0", 0, 100000000, "requests a second", CONFIG_SWAP, \
	  "admitted to the ledger, items of batches too; more are answered BUSY; 0: no limit") \
	X(limits, partner_requests_per_second, INT, "0", 0, 100000000, "requests a second", CONFIG_SWAP, \
	  "the same for each partner; 0: no limit") \
	X(limits, in_flight, INT, "32", 1, 4096, "requests", CONFIG_SWAP, \
	  "unanswered requests of one connection; beyond it nothing more is read from it") \
	X(limits, handshakes, INT, "1024", 1, 100000, "connections", CONFIG_SWAP, \
	  "unfinished TLS handshakes; beyond it no connection is accepted") \
	X(limits, output_bytes, INT, "65536", 4096, 16777216, "bytes", CONFIG_SWAP, \
	  "answers waiting for one connection; beyond it nothing more is read from it") \
	X(limits, requests_per_wakeup, INT, "64", 1, 4096, "requests", CONFIG_SWAP, \
	  "requests taken from one connection before the others have their turn") \
	X(limits, auth_failures, INT, "60", 1, 1000000, "a minute", CONFIG_SWAP, \
	  "failed authentications from one address; beyond it its attempts are answered BUSY") \
	X(deadlines, handshake_ms, INT, "10000", 100, 600000, "ms", CONFIG_SWAP, \
	  "from accepting a connection to the end of its TLS handshake") \
	X(deadlines, auth_ms, INT, "10000", 100, 600000, "ms", CONFIG_SWAP, \
	  "from there to the end of authentication") \
	X(deadlines, frame_ms, INT, "5000", 100, 600000, "ms", CONFIG_SWAP, \
	  "from the first byte of a frame to its last") \
	X(deadlines, large_frame_ms, INT, "30000", 100, 600000, "ms", CONFIG_SWAP, \
	  "the same for a frame of more than 16 KiB") \
	X(deadlines, idle_ms, INT, "900000", 1000, 86400000, "ms", CONFIG_SWAP, \
	  "longest silence of a connection that waits for nothing") \
	X(deadlines, output_ms, INT, "10000", 100, 600000, "ms", CONFIG_SWAP, \
	  "longest time in which a peer takes none of the answers that wait for it") \
	X(deadlines, peer_lost_ms, INT, "30000", 1000, 600000, "ms", CONFIG_KEEP, \
	  "a peer that acknowledges nothing for this long is given up (keepalive, user timeout)") \
	X(deadlines, session_ms, INT, "86400000", 0, 604800000, "ms", CONFIG_SWAP, \
	  "age at which a connection is asked to reconnect, for new TLS keys; 0 for never") \
	X(ledger, shard, INT, "0", 0, 255, "", CONFIG_KEEP, \
	  "shard number in the high bits of member references") \
	X(ledger, members_max, INT, "1000000", 16, 1000000000, "rows", CONFIG_KEEP, "members") \
	X(ledger, identifiers_max, INT, "1500000", 16, 2000000000, "rows", CONFIG_KEEP, "identifiers") \
	X(ledger, lots_max, INT, "2000000", 16, 2000000000, "rows", CONFIG_KEEP, "limited lots") \
	X(ledger, pendings_max, INT, "200000", 16, 2000000000, "rows", CONFIG_KEEP, "pending points") \
	X(ledger, debts_max, INT, "100000", 16, 2000000000, "rows", CONFIG_KEEP, "debts") \
	X(ledger, holds_max, INT, "200000", 16, 2000000000, "rows", CONFIG_KEEP, "holds") \
	X(ledger, portions_max, INT, "1000000", 16, 2000000000, "rows", CONFIG_KEEP, \
	  "what burns and holds took from lots") \
	X(ledger, transactions_max, INT, "10000000", 16, 2000000000, "rows", CONFIG_KEEP, \
	  "transaction ids inside the window") \
	X(ledger, partners_max, INT, "1000", 16, 1000000, "rows", CONFIG_KEEP, "partners") \
	X(ledger, rules_max, INT, "10000", 16, 1000000, "rows", CONFIG_KEEP, "earning rules, old ones too") \
	X(ledger, stores_max, INT, "100000", 16, 10000000, "rows", CONFIG_KEEP, "stores") \
	X(ledger, terminals_max, INT, "200000", 16, 10000000, "rows", CONFIG_KEEP, "terminals") \
	X(ledger, totals_max, INT, "1000000", 16, 100000000, "rows", CONFIG_KEEP, \
	  "totals by terminal, day and kind") \
	X(programme, zone, TEXT, "UTC", 1, 63, "zone name", CONFIG_KEEP, \
	  "time zone of the programme's days, as in /usr/share/zoneinfo") \
	X(programme, sandbox, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "all of it is for trying out: marked everywhere; data once made so or not stay so") \
	X(programme, traced, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "partners pay each other for points that are burned, else a pool for points that are " \
	  "issued; stays as it began") \
	X(programme, cut_off, TIME, "00:00", 0, 0, "hh:mm", CONFIG_KEEP, \
	  "time of day, in that zone, at which the business date moves") \
	X(programme, window_s, INT, "259200", 60, 3024000, "s", CONFIG_KEEP, \
	  "how long a transaction id is remembered, and how late a request may arrive") \
	X(programme, clock_ahead_s, INT, "600", 0, 86400, "s", CONFIG_KEEP, \
	  "how far in the future a terminal's clock may be") \
	X(programme, burn_clock_s, INT, "300", 1, 86400, "s", CONFIG_KEEP, \
	  "how far off, either way, the clock of a burn or hold may be") \
	X(programme, point_value_num, INT, "1", 1, 1000000, "", CONFIG_KEEP, \
	  "a point is worth this ...") \
	X(programme, point_value_den, INT, "1", 1, 1000000, "", CONFIG_KEEP, \
	  "... divided by this, in minor units of money") \
	X(programme, expiry_months, INT, "12", 1, 120, "months", CONFIG_KEEP, \
	  "life of regular points after the last activity") \
	X(programme, expiry_shape, CHOICE, "rolling", 0, 0, "rolling|never|vintage", CONFIG_KEEP, \
	  "how they end; vintage: by the period they were given in; fixed by members") \
	X(programme, vintage_months, INT, "0", 0, 12, "months", CONFIG_KEEP, \
	  "vintage: length of a period, divides 12; expiry_months count from its end") \
	X(programme, sweep_month, INT, "0", 0, 12, "", CONFIG_KEEP, \
	  "vintage: they end on the next day of this month, 1 to 12 ...") \
	X(programme, sweep_day, INT, "0", 0, 31, "", CONFIG_KEEP, \
	  "... and this number; both 0: at the end of the month that expiry_months lead to") \
	X(programme, expires_on_anniversary, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "their last day is the anniversary itself, not the day before") \
	X(programme, hold_s, INT, "300", 1, 3024000, "s", CONFIG_KEEP, \
	  "life of a hold that names none") \
	X(programme, hold_max_s, INT, "3024000", 1, 3024000, "s", CONFIG_KEEP, \
	  "longest life of a hold") \
	X(programme, declines_per_terminal_day, INT, "1000", 1, 1000000, "declines", CONFIG_KEEP, \
	  "declines and tombstones recorded for one terminal and day; beyond it LIMITED") \
	X(programme, debt_days, INT, "0", 0, 36525, "days", CONFIG_KEEP, \
	  "age at which a member's debt is written off, 0 for never") \
	X(programme, debt_cycles, INT, "7", 0, 64, "cycles", CONFIG_KEEP, \
	  "closed cycles of the partner after which a member's debt is written off, 0 for never") \
	X(programme, member_day_earn_points, INT, "0", 0, TG_AMOUNT_MAX, "points", CONFIG_KEEP, \
	  "limit of what a member earns in a day, 0 for none") \
	X(programme, member_day_burn_points, INT, "0", 0, TG_AMOUNT_MAX, "points", CONFIG_KEEP, \
	  "limit of what a member burns in a day, 0 for none") \
	X(programme, value_registered_max, INT, "500000", 0, TG_AMOUNT_MAX, "minor units", CONFIG_KEEP, \
	  "the most of stored value that a member known by name may have, 0: there is none") \
	X(programme, value_bearer_max, INT, "100000", 0, TG_AMOUNT_MAX, "minor units", CONFIG_KEEP, \
	  "... and one that is not known by name; not above it") \
	X(programme, value_day_max, INT, "0", 0, TG_AMOUNT_MAX, "minor units", CONFIG_KEEP, \
	  "limit of what a member pays with stored value in a day, 0 for none") \
	X(clock, source, CHOICE, "system", 0, 0, "system|stepped", CONFIG_KEEP, \
	  "stepped: moved from the console, for demonstrations and tests; on loopback only") \
	X(clock, start_utc_ms, INT, "0", 0, TG_TIME_MS_MAX, "ms UTC", CONFIG_KEEP, \
	  "where a stepped clock begins when there is no record yet; 0: at the system's time") \
	X(sink, enabled, BOOL, "true", 0, 1, "", CONFIG_KEEP, \
	  "write records to MariaDB") \
	X(sink, batch_records, INT, "2000", 1, 4500, "records", CONFIG_KEEP, \
	  "records written to MariaDB in one transaction, at most") \
	X(sink, pause_ms, INT, "50", 0, 60000, "ms", CONFIG_KEEP, \
	  "pause after a transaction that was not full, so that the next one has more") \
	X(sink, months_ahead, INT, "3", 0, 24, "months", CONFIG_KEEP, \
	  "monthly partitions of the large tables made ahead") \
	X(sink, migrate, BOOL, "true", 0, 1, "", CONFIG_KEEP, \
	  "make and change the tables at start; else they must be there already") \
	X(sink, allow_unflushed_commits, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "take a server that does not flush each commit to its disk") \
	X(originals, enabled, BOOL, "true", 0, 1, "", CONFIG_KEEP, \
	  "look up originals older than the window in MariaDB, when sink.enabled is true") \
	X(originals, timeout_ms, INT, "2000", 100, 60000, "ms", CONFIG_KEEP, \
	  "longest wait of such a request for its turn and for the sink to catch up, and then" \
	  " again for MariaDB (in whole seconds); beyond it ORIGINAL_ARCHIVED. A page of entries" \
	  " waits as long for its turn, then half as long for MariaDB; beyond it DATABASE") \
	X(originals, requests, INT, "64", 1, 4096, "requests", CONFIG_KEEP, \
	  "such requests waiting at once; more are answered ORIGINAL_ARCHIVED") \
	X(originals, retry_after_ms, INT, "2000", 1, 600000, "ms", CONFIG_SWAP, \
	  "an ORIGINAL_ARCHIVED answer asks to wait for this, plus a random time up to as much" \
	  " again") \
	X(history, enabled, BOOL, "true", 0, 1, "", CONFIG_KEEP, \
	  "answer HISTORY and ENTRIES from MariaDB, when sink.enabled is true") \
	X(history, pages, INT, "64", 1, 4096, "pages", CONFIG_KEEP, \
	  "pages of entries waiting at once, half of them of one partner; more are BUSY." \
	  " Originals go before them") \
	X(history, retry_after_ms, INT, "1000", 1, 600000, "ms", CONFIG_SWAP, \
	  "a DATABASE answer asks to wait for this, plus a random time up to as much again") \
	X(mariadb, socket, TEXT, "", 0, 107, "path", CONFIG_KEEP, \
	  "Unix socket of the server; none: TCP to mariadb.host") \
	X(mariadb, host, TEXT, "127.0.0.1", 0, 255, "host", CONFIG_KEEP, "host of the server") \
	X(mariadb, port, INT, "3306", 1, 65535, "port", CONFIG_KEEP, "port of the server") \
	X(mariadb, user, TEXT, "tallygate", 1, 80, "", CONFIG_KEEP, "user there") \
	X(mariadb, password_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "file whose first line is the user's password; none: no password") \
	X(mariadb, database, TEXT, "tallygate", 1, 64, "", CONFIG_KEEP, "database there") \
	X(mariadb, tls, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "speak TLS to the server and check its certificate") \
	X(mariadb, ca_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "authority of the server's certificate, PEM") \
	X(mariadb, timeout_ms, INT, "10000", 1000, 600000, "ms", CONFIG_KEEP, \
	  "longest wait for the server, of connecting, reading and writing each") \
	X(console, socket, TEXT, "", 0, 107, "path", CONFIG_KEEP, \
	  "Unix socket of the operators' console; none: console.sock in data.directory") \
	X(console, mode, MODE, "0660", 0, 0777, "octal", CONFIG_KEEP, \
	  "permissions of that socket") \
	X(console, tcp, TEXT, "", 0, 63, "address", CONFIG_KEEP, \
	  "numeric loopback address with port for telnet, where operators log in; none: no port") \
	X(console, tls, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "that port speaks TLS, with the server's certificate") \
	X(console, operators_file, TEXT, "", 0, 511, "path", CONFIG_KEEP, \
	  "who may log in, made by tally-passwd; read at each login; none: nobody") \
	X(console, idle_ms, INT, "900000", 1000, 86400000, "ms", CONFIG_KEEP, \
	  "console sessions end when nothing is said for so long") \
	X(console, failures, INT, "5", 1, 1000, "passwords", CONFIG_KEEP, \
	  "wrong passwords of an operator, one after the other; then it is locked out ...") \
	X(console, lockout_ms, INT, "300000", 1000, 86400000, "ms", CONFIG_KEEP, \
	  "... for so long") \
	X(console, second_points, INT, "0", 0, 1000000000000, "points", CONFIG_KEEP, \
	  "an adjustment of more needs a second operator to approve it; 0: none does") \
	X(console, second_rates, BOOL, "false", 0, 1, "", CONFIG_KEEP, \
	  "changes of rates and of settlement, and merges of members, need a second operator, " \
	  "too") \
	X(console, proposal_hours, INT, "72", 1, 8760, "h", CONFIG_KEEP, \
	  "what needs a second operator and was not approved for so long expires") \
	X(http, listen, LIST, "", 0, 16, "addresses", CONFIG_KEEP, \
	  "addresses with port for /healthz, /readyz and /metrics; loopback only; none: no HTTP") \
	X(http, partners_named, INT, "20", 0, 1000, "partners", CONFIG_KEEP, \
	  "the busiest partners that /metrics tells by number; the others together, as other") \
	X(http, software_named, INT, "20", 0, 200, "versions", CONFIG_KEEP, \
	  "the commonest versions of terminals' software that /metrics tells; the rest as other") \
	X(log, level, CHOICE, "info", 0, 0, "error|warn|info|debug", CONFIG_SWAP, \
	  "least important lines that are written to standard error")
/* clang-format on */

#endif
