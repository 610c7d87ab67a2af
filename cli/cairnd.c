/* cairnd: the central node. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/noded.h"
#include "core/key.h"

/* Larger blocks, which messages are, go back to the system when they are released, for as long as the node serves; left
 * to itself the library keeps ever larger ones. */
#define MAPPED_FROM_BYTES (256 << 10)

int main(int argc, char **argv) {
  static const struct cmd *const tables[] = {noded_init_commands,    noded_serve_commands,
                                             noded_admin_commands,   noded_rotate_commands,
                                             noded_publish_commands, noded_take_commands,
                                             noded_backup_commands,  noded_restore_commands,
                                             noded_rebuild_commands, NULL};
  static const struct cmd_program program = {
      .name = "cairnd",
      .what = "the central node: brings the agencies' replicas together and keeps the signed ledger",
      .tables = tables,
      .opts = noded_opts,
      .more = "Ends with 0 done, 1 refused, 2 wrong usage, 3 could not.\n"
              "While the node serves, the other commands are carried out by it.",
  };
  struct noded n = {.program = &program, .argc = argc, .argv = argv};
  signal(SIGPIPE, SIG_IGN);
  mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
  umask(077);
  if (key_library_check() != OK) {
    fprintf(stderr, "cairnd: %s\n%s\n", err_words(ERR_IO), err_remedy());
    return err_exit_status(ERR_IO);
  }
  int status = cmd_main(&program, &n, argc, argv);
  return status ? status : n.status;
}
