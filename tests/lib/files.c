#include "tests/lib/files.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/lib/world.h"

void files_copy(const char *from, const char *to) {
  uint8_t part[65536];
  size_t n;
  FILE *in = fopen(from, "rb"), *out = NULL;
  remove(to);
  if (in == NULL)
    return;
  out = fopen(to, "wb");
  bool ok = out != NULL && chmod(to, 0600) == 0;
  while (ok && (n = fread(part, 1, sizeof part, in)) > 0)
    ok = fwrite(part, 1, n, out) == n;
  ok = ok && !ferror(in);
  ok = out != NULL && fclose(out) == 0 && ok;
  fclose(in);
  if (!ok)
    world_must(err_set(ERR_IO, "\"%s\" cannot be copied to \"%s\"", from, to), "a copy");
}
