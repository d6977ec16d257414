#pragma once
#include <zlib.h>

// A macro, which Swift cannot import. 16 + MAX_WBITS: a gzip header is wanted.
static inline int chain_inflate_start(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }
