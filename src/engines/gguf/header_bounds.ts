/**
 * Bounds on a GGUF header. The lengths in a file are only claims: each is checked against its bound here, and against the bytes
 * left in the file, before anything of that size is allocated.
 */

/** Bytes of the whole header. The largest vocabularies (256 k tokens with merges and scores) take about 15 MB. */
export const MAX_HEADER_BYTES = 64 * 1024 * 1024;

/** Keys. Published models have 20 to 60. */
export const MAX_METADATA_KEYS = 4096;

/** Bytes of a key; the GGUF specification says 2^16 − 1. */
export const MAX_KEY_BYTES = 65535;

/** Bytes of one text value. Chat templates and licences are the longest, at up to about 100 kB. */
export const MAX_STRING_BYTES = 2 * 1024 * 1024;

/** Entries of a list: four times the largest published vocabulary (256 k), since merges outnumber tokens. */
export const MAX_ARRAY_LENGTH = 1024 * 1024;

/** Tensors. Dense models have about 12 per layer; mixtures with separate experts have thousands. */
export const MAX_TENSORS = 32768;

/** Bytes of a tensor's name; ggml's own bound is 64 (GGML_MAX_NAME), 128 in some builds. */
export const MAX_TENSOR_NAME_BYTES = 128;

/** GGML_MAX_DIMS. */
export const MAX_TENSOR_DIMENSIONS = 4;

/** A tensor's elements: 2^40 is beyond any file, and all arithmetic on it stays exact in a double. */
export const MAX_TENSOR_ELEMENTS = 2 ** 40;

/** Default of `general.alignment`; we know of no file with another value than 32. */
export const DEFAULT_ALIGNMENT = 32;
export const MAX_ALIGNMENT = 65536;

/** Bytes of the header that are fetched at a time. */
export const HEADER_CHUNK_BYTES = 1024 * 1024;
