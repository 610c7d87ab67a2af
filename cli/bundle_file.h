/* Bundles as files that people carry, on whatever medium: a new one is written under another name beside its place, and
 * gets its name when it is whole. */
#ifndef CAIRN_CLI_BUNDLE_FILE_H
#define CAIRN_CLI_BUNDLE_FILE_H

#include <stdio.h>

#include "core/store.h"

/* ERR_USAGE if it is not there, no file, or the store itself, which is open. The caller closes it. */
enum err bundle_file_open(const struct store *s, const char *path, FILE **out);

struct bundle_file {
  const char *path; /* borrowed */
  char *unfinished;
  FILE *file;
};
/* ERR_USAGE if there is something of that name already. */
enum err bundle_file_make(const char *path, struct bundle_file *out);
/* With OK: syncs it and gives it its name. Else it goes, and e is returned with its words. */
enum err bundle_file_finish(struct bundle_file *f, enum err e);

#endif
