/*
 * gen_manual.h - the tables as lists in scdoc's form, for tallygate-protocol(7).
 *
 * Part of gen_reference only.
 */
#ifndef TG_PROTOCOL_GEN_MANUAL_H
#define TG_PROTOCOL_GEN_MANUAL_H

/* Print operations, with the fields of requests and answers; fields; statuses; rights. */
void gen_manual_operations(void);
void gen_manual_fields(void);
void gen_manual_statuses(void);
void gen_manual_rights(void);

#endif
