/* New stores without making each table anew: the first one of a process is made by store_create, all others are copies
 * of the file that it wrote, opened by store_open. What store_create does each time, test_store.c and the scripts of
 * tests/e2e look at. */
#ifndef CAIRN_TESTS_LIB_BLANK_H
#define CAIRN_TESTS_LIB_BLANK_H

#include "core/store.h"

/* As store_create; not for two threads at once. */
enum err blank_store(const char *path, struct store **out);

#endif
