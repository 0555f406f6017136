/*
 * places.h - where things lie within the data directory.
 *
 * One list for the gateway, which makes them, and the tools, which read them.
 */
#ifndef TG_STORAGE_PLACES_H
#define TG_STORAGE_PLACES_H

#define PLACE_JOURNAL "journal"	     /* segments, the next one, the reserve, the lock */
#define PLACE_ARCHIVE "archive"	     /* compressed segments, unless configured elsewhere */
#define PLACE_SNAPSHOTS "snapshots"  /* of the ledger */
#define PLACE_DATA "/var/lib/tallygate" /* the data directory, unless configured elsewhere */

#endif
