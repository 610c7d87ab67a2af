/* Reads the test vectors of tests/vectors, which are JSON files. Paths are from the root of the tree, where the tests
 * are started. Anything that cannot be read fails the test. */
#ifndef CAIRN_TESTS_JSON_VECTORS_H
#define CAIRN_TESTS_JSON_VECTORS_H

#include <jansson.h>

#include "core/hash.h"

/* The caller json_decrefs it. Numbers beyond 64 bits come as reals. */
json_t *vectors_load(const char *path);

/* Calls each for every .json file under the folder; returns how many there are. */
size_t vectors_walk(const char *folder, void (*each)(const char *path, json_t *vector));

/* A member that must be there and be a string. */
struct bytes vectors_string(const json_t *object, const char *name);

/* A base64 string as a hash; false if it is not 32 bytes long. */
bool vectors_hash(const json_t *string, struct hash *out);

/* The member's number; too large ones are UINT64_MAX. */
uint64_t vectors_number(const json_t *object, const char *name);

#endif
