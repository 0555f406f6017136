/*
 * journal_archive.c - one segment at a time: check, compress, sync, rename, remove the original.
 *
 * A crash in between leaves the original, or both, and the next call does it again.  What is
 * compressed is the segment up to its last batch: header and batches, byte for byte.
 */
#include "storage/journal_archive.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "storage/segment_list.h"

#define UNFINISHED_NAME "unfinished"
#define OUTPUT_BYTES (128 * 1024)
#define COMPRESSION_LEVEL 3

/* The compressed file being written. */
struct packer {
	const struct storage_io *io; /* borrowed */
	int file;		     /* owned */
	ZSTD_CCtx *compressor;	     /* owned */
	uint8_t *output;	     /* owned; OUTPUT_BYTES */
	uint64_t offset_bytes;	     /* written so far */
};

/* Compress bytes; with ZSTD_e_end finish the file. */
static enum tg_status
pack(struct packer *packer, const uint8_t *bytes, size_t bytes_count, ZSTD_EndDirective directive,
     struct storage_error *error)
{
	ZSTD_inBuffer input = { .src = bytes, .size = bytes_count };
	size_t left;

	do {
		ZSTD_outBuffer output = { .dst = packer->output, .size = OUTPUT_BYTES };
		enum tg_status status;

		left = ZSTD_compressStream2(packer->compressor, &output, &input, directive);
		if (ZSTD_isError(left))
			return storage_fail(error, TG_NO_MEMORY, "compressing a segment: %s",
					    ZSTD_getErrorName(left));
		status = storage_write(packer->io, packer->file, packer->output, output.pos,
				       packer->offset_bytes, error);
		if (status != TG_OK)
			return status;
		packer->offset_bytes += output.pos;
	} while (input.pos < input.size || (directive == ZSTD_e_end && left > 0));
	return TG_OK;
}

/* Compress the segment under reader, whole and sound up to next_sequence. */
static enum tg_status
pack_segment(struct packer *packer, struct segment_reader *reader, uint64_t next_sequence,
	     struct storage_error *error)
{
	enum segment_found found = SEGMENT_BATCH;
	enum tg_status status =
		pack(packer, reader->buffer, SEGMENT_HEADER_BYTES, ZSTD_e_continue, error);

	while (status == TG_OK && found == SEGMENT_BATCH) {
		status = segment_reader_next(reader, 0, &found, error);
		if (status == TG_OK && found == SEGMENT_BATCH)
			status = pack(packer, reader->buffer, reader->batch.batch_bytes,
				      ZSTD_e_continue, error);
	}
	if (status == TG_OK && reader->next_sequence != next_sequence)
		return segment_reader_fail(
			reader, found == SEGMENT_FAULT ? reader->fault : "batch is missing", error);
	if (status == TG_OK)
		status = pack(packer, NULL, 0, ZSTD_e_end, error);
	return status;
}

/* Write the compressed copy of a segment to path. */
static enum tg_status
write_copy(const struct segment_place *place, const struct segment_name *name,
	   uint64_t next_sequence, const char *path, struct storage_error *error)
{
	const struct storage_io *io = place->io;
	struct packer packer = { .io = io, .file = -1 };
	struct segment_reader reader = { 0 };
	enum tg_status status = segment_reader_open(&reader, place, name, error);

	if (status != TG_OK)
		return status;
	packer.compressor = ZSTD_createCCtx();
	packer.output = malloc(OUTPUT_BYTES);
	if (packer.compressor == NULL || packer.output == NULL) {
		status = storage_fail(error, TG_NO_MEMORY, "no memory to compress a segment");
		goto out;
	}
	(void)ZSTD_CCtx_setParameter(packer.compressor, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	(void)ZSTD_CCtx_setParameter(packer.compressor, ZSTD_c_checksumFlag, 1);
	status = io->open(io->context, path, STORAGE_CREATE, &packer.file, error);
	if (status == TG_OK)
		status = pack_segment(&packer, &reader, next_sequence, error);
	if (status == TG_OK)
		status = io->sync(io->context, packer.file, error);
out:
	if (packer.file >= 0)
		io->close(io->context, packer.file);
	ZSTD_freeCCtx(packer.compressor);
	free(packer.output);
	segment_reader_close(&reader);
	return status;
}

static enum tg_status
archive_segment(const struct segment_place *place, const struct segment_name *name,
		uint64_t next_sequence, struct storage_error *error)
{
	const struct storage_io *io = place->io;
	struct segment_name archived = *name;
	char file_name[SEGMENT_NAME_BYTES];
	char unfinished[STORAGE_PATH_BYTES_MAX];
	char original[STORAGE_PATH_BYTES_MAX];
	char copy[STORAGE_PATH_BYTES_MAX];
	struct storage_error ignored;
	enum tg_status status;

	archived.is_archived = true;
	segment_name_format(name, file_name);
	status = storage_path(original, place->directory, file_name, error);
	segment_name_format(&archived, file_name);
	if (status == TG_OK)
		status = storage_path(copy, place->archive_directory, file_name, error);
	if (status == TG_OK)
		status = storage_path(unfinished, place->archive_directory, UNFINISHED_NAME, error);
	if (status != TG_OK)
		return status;
	status = write_copy(place, name, next_sequence, unfinished, error);
	if (status == TG_OK)
		status = io->rename(io->context, unfinished, copy, error);
	if (status != TG_OK) {
		(void)io->unlink(io->context, unfinished, &ignored);
		return status;
	}
	status = io->sync_directory(io->context, place->archive_directory, error);
	if (status == TG_OK)
		status = io->unlink(io->context, original, error);
	/* One after the other: recovery takes a hole between segments for damage. */
	if (status == TG_OK)
		status = io->sync_directory(io->context, place->directory, error);
	return status;
}

enum tg_status
journal_archive_segments(const struct segment_place *place, uint64_t below_sequence,
			 uint32_t *ret_count, struct storage_error *error)
{
	struct segment_list list;
	uint32_t count = 0;
	enum tg_status status = segment_list_read(place->io, place->directory, NULL, &list, error);

	if (status != TG_OK)
		return status;
	for (size_t index = 0; index + 1 < list.count && status == TG_OK; index++) {
		uint64_t next_sequence = list.names[index + 1].first_sequence;

		if (next_sequence > below_sequence)
			break;
		status = archive_segment(place, &list.names[index], next_sequence, error);
		if (status == TG_OK)
			count++;
	}
	segment_list_deinit(&list);
	*ret_count = count;
	return status;
}
