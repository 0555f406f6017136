/*
 * damage.h - what time and other programs do to files, tried on a copy of the disk.
 */
#ifndef TG_TESTS_SIM_DAMAGE_H
#define TG_TESTS_SIM_DAMAGE_H

struct sim;

/*
 * With the gateway down: copy the disk, spoil a place in a file of journal or snapshots, and
 * recover from that.  It has to be refused, or to come to what was durable, save the very last
 * batch.
 */
void damage_try(struct sim *sim);

#endif
