#include <stdio.h>

#include "cli/home.h"

enum err home_keep_evidence(const struct cmd_line *line, struct bytes evidence, char name_out[HOME_FILE_SIZE]) {
  struct buf folder = {0}, there = {0};
  struct hash id = hash_of(evidence);
  snprintf(name_out, HOME_FILE_SIZE, "evidence-%.16s.txt", hash_hex(&id).s);
  const char *name = home_folder(line, &folder);
  enum err e = folder_read(name, name_out, evidence.len, &there);
  if (e != OK || !bytes_equal(buf_bytes(&there), evidence))
    e = folder_write(name, name_out, evidence);
  buf_release(&folder);
  buf_release(&there);
  return e;
}
