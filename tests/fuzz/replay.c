/* Runs a fuzz target over files, and over the files of folders, without a fuzzer: `fuzz_note corpus/note`. Each input
 * is a heap copy of exactly its size, so that the sanitizer sees one byte too far. */
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static int replay_file(const char *path, size_t len) {
  uint8_t *copy = mem_alloc(len);
  FILE *f = fopen(path, "rb");
  int failed = f == NULL || fread(copy, 1, len, f) != len;
  if (failed)
    perror(path);
  else
    LLVMFuzzerTestOneInput(copy, len);
  if (f)
    fclose(f);
  free(copy);
  return failed;
}

int main(int argc, char **argv) {
  FTS *walk = argc > 1 ? fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
  size_t count = 0;
  int failed = 0;
  for (FTSENT *f; walk && (f = fts_read(walk)) != NULL;) {
    if (f->fts_info == FTS_F) {
      failed |= replay_file(f->fts_path, (size_t)f->fts_statp->st_size);
      count++;
    } else if (f->fts_info == FTS_NS || f->fts_info == FTS_DNR || f->fts_info == FTS_ERR) {
      fprintf(stderr, "%s: cannot be read\n", f->fts_path);
      failed = 1;
    }
  }
  if (walk)
    fts_close(walk);
  printf("%s: %zu inputs\n", argv[0], count);
  return failed || count == 0;
}
