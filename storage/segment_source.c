/*
 * segment_source.c - reading a segment's bytes, through zstd when it lies in the archive.
 */
#include "storage/segment_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "protocol/assert.h"

#define INPUT_BYTES (128 * 1024)
#define SKIP_BYTES 4096

struct segment_source {
	const struct storage_io *io; /* borrowed */
	int file;		     /* owned */
	ZSTD_DCtx *decompressor;     /* owned; NULL: the file is not compressed */
	uint8_t *input;		     /* owned; compressed bytes, INPUT_BYTES of room */
	ZSTD_inBuffer input_left;    /* what of input is still to be decompressed */
	uint64_t input_offset;	     /* in the file, of the next compressed byte to read */
	uint64_t output_offset;	     /* in the segment, of the next byte to come out */
	bool is_frame_open;	     /* the compressed bytes may not end here */
	char path[STORAGE_PATH_BYTES_MAX];
};

enum tg_status
segment_source_open(const struct storage_io *io, const char *directory,
		    const char *archive_directory, const struct segment_name *name,
		    struct segment_source **ret_source, struct storage_error *error)
{
	char file_name[SEGMENT_NAME_BYTES];
	struct segment_source *source = calloc(1, sizeof *source);
	enum tg_status status = TG_NO_MEMORY;

	if (source == NULL)
		return storage_fail(error, status, "no memory to read a segment");
	source->io = io;
	source->file = -1;
	if (name->is_archived) {
		source->decompressor = ZSTD_createDCtx();
		source->input = malloc(INPUT_BYTES);
		source->input_left.src = source->input;
		if (source->decompressor == NULL || source->input == NULL) {
			(void)storage_fail(error, status, "no memory to decompress a segment");
			goto failed;
		}
	}
	segment_name_format(name, file_name);
	status = storage_path(source->path, name->is_archived ? archive_directory : directory,
			      file_name, error);
	if (status != TG_OK)
		goto failed;
	status = io->open(io->context, source->path, STORAGE_READ, &source->file, error);
	if (status != TG_OK)
		goto failed;
	*ret_source = source;
	return TG_OK;
failed:
	segment_source_close(source);
	return status;
}

static enum tg_status
fail_damaged(const struct segment_source *source, const char *why, struct storage_error *error)
{
	enum tg_status status = storage_fail(error, TG_CORRUPT, "%s at offset %" PRIu64 ": %s",
					     source->path, source->input_offset, why);

	error->offset = source->input_offset;
	return status;
}

/* Decompress the next bytes_max bytes, fewer at the end of the file. */
static enum tg_status
decompress(struct segment_source *source, uint8_t *bytes, size_t bytes_max, size_t *ret_bytes,
	   struct storage_error *error)
{
	ZSTD_outBuffer output = { .dst = bytes, .size = bytes_max };

	while (output.pos < output.size) {
		ZSTD_inBuffer *input = &source->input_left;
		size_t result;

		if (input->pos == input->size) {
			size_t read_bytes;
			enum tg_status status =
				storage_read(source->io, source->file, source->input, INPUT_BYTES,
					     source->input_offset, &read_bytes, error);

			if (status != TG_OK)
				return status;
			if (read_bytes == 0 && source->is_frame_open)
				return fail_damaged(source, "compressed data end early", error);
			if (read_bytes == 0)
				break;
			source->input_offset += read_bytes;
			input->size = read_bytes;
			input->pos = 0;
		}
		result = ZSTD_decompressStream(source->decompressor, &output, input);
		if (ZSTD_isError(result))
			return fail_damaged(source, ZSTD_getErrorName(result), error);
		source->is_frame_open = result != 0;
	}
	source->output_offset += output.pos;
	*ret_bytes = output.pos;
	return TG_OK;
}

enum tg_status
segment_source_read(struct segment_source *source, void *bytes, size_t bytes_max, uint64_t offset,
		    size_t *ret_bytes, struct storage_error *error)
{
	if (source->decompressor == NULL)
		return storage_read(source->io, source->file, bytes, bytes_max, offset, ret_bytes,
				    error);
	TG_ASSERT(offset >= source->output_offset);
	while (source->output_offset < offset) {
		uint8_t skipped[SKIP_BYTES];
		uint64_t left_bytes = offset - source->output_offset;
		size_t skipped_bytes;
		enum tg_status status = decompress(
			source, skipped, left_bytes < SKIP_BYTES ? (size_t)left_bytes : SKIP_BYTES,
			&skipped_bytes, error);

		if (status != TG_OK)
			return status;
		if (skipped_bytes == 0) {
			*ret_bytes = 0;
			return TG_OK;
		}
	}
	return decompress(source, bytes, bytes_max, ret_bytes, error);
}

const char *
segment_source_path(const struct segment_source *source)
{
	return source->path;
}

void
segment_source_close(struct segment_source *source)
{
	if (source == NULL)
		return;
	if (source->file >= 0)
		source->io->close(source->io->context, source->file);
	ZSTD_freeDCtx(source->decompressor);
	free(source->input);
	free(source);
}
