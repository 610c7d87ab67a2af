#include "cli/code.h"

#include "cli/near.h"

enum err code_check(const struct field *f, const char *typed) {
  struct near near = near_start(bytes_str(typed));
  struct buf meant = {0};
  if (field_has_code(f, bytes_str(typed)))
    return OK;
  near_try_each(&near, f->of);
  near_add(&near, &meant);
  enum err e =
      err_set(ERR_USAGE, "--%s: \"%s\" must be one of: %s%s", f->name, typed, f->of, meant.len ? buf_cstr(&meant) : "");
  buf_release(&meant);
  return e;
}

enum err code_check_in(const char *kind, const char *field, const char *typed) {
  return code_check(kind_field(kind_find(bytes_str(kind)), bytes_str(field)), typed);
}
