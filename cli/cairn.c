/* cairn: an agency's replica. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cli/home.h"

/* Splits the command line at the first `+`: what follows are further entries of the same act. */
static int split_act(struct home *h, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "+") == 0) {
      h->rest_argc = argc - i;
      h->rest_argv = argv + i;
      return i;
    }
  return argc;
}

int main(int argc, char **argv) {
  struct cmd *writing = home_write_commands();
  const struct cmd *const tables[] = {home_join_commands,
                                      home_unlock_commands,
                                      home_sync_commands,
                                      home_look_commands,
                                      home_outbox_commands,
                                      home_enrol_commands,
                                      home_people_commands,
                                      home_invite_commands,
                                      home_keyring_commands,
                                      home_key_commands,
                                      home_held_commands,
                                      home_staff_commands,
                                      writing,
                                      home_erasure_commands,
                                      home_form_commands,
                                      home_profile_commands,
                                      home_rule_commands,
                                      home_register_commands,
                                      home_child_commands,
                                      home_version_commands,
                                      home_machine_commands,
                                      home_export_commands,
                                      home_checkpoint_commands,
                                      home_head_commands,
                                      home_verify_commands,
                                      home_evidence_commands,
                                      home_document_commands,
                                      home_restricted_commands,
                                      home_open_commands,
                                      home_copy_commands,
                                      home_bundle_commands,
                                      home_offer_commands,
                                      NULL};
  const struct cmd_program program = {
      .name = "cairn",
      .what = "an agency's part of the Child Protection Register and of the record of planning meetings",
      .tables = tables,
      .opts = home_opts,
      .more = "Several entries that belong together are recorded in one go, all or none, with + between them;\n"
              "@1 is the first of them; a child or entry that is needed and left out is that of the one before:\n"
              "  cairn decision record --child C --plan yes ... + registration add --impact neglect ...\n"
              "Ends with 0 done, 1 refused or not found, 2 wrong usage, 3 could not.",
  };
  struct home h = {.program = &program};
  signal(SIGPIPE, SIG_IGN);
  umask(077);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* what is opened in memory is not left in a file */
  int status;
  if (key_library_check() == OK) {
    status = cmd_main(&program, &h, split_act(&h, argc, argv), argv);
    if (status == 0)
      status = h.status;
  } else {
    fprintf(stderr, "cairn: %s\n%s\n", err_words(ERR_IO), err_remedy());
    status = err_exit_status(ERR_IO);
  }
  home_write_free(writing);
  return status;
}
