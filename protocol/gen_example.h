/*
 * gen_example.h - worked examples for the protocol reference, computed by the code they describe.
 */
#ifndef TG_PROTOCOL_GEN_EXAMPLE_H
#define TG_PROTOCOL_GEN_EXAMPLE_H

/* Print a key, what the proofs are made over, and both proofs. */
void gen_print_vector(void);

/* Print the frames of a short conversation, in words and in hex. */
void gen_print_frames(void);

#endif
