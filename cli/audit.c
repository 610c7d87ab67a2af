/* cairn-audit: checks a published ledger on a machine of the auditor's own. */
#include <signal.h>
#include <stddef.h>

#include "cli/audit.h"

int main(int argc, char **argv) {
  static const struct cmd *const tables[] = {
      audit_fetch_commands, audit_verify_commands, audit_list_commands, audit_register_commands, audit_ask_commands,
      audit_who_commands,   audit_prove_commands,  audit_open_commands, audit_copy_commands,     NULL};
  static const struct cmd_program program = {
      .name = "cairn-audit",
      .what = "check a published ledger: are these the entries, by these authors, and is it the ledger seen before?",
      .tables = tables,
      .more = "Ends with 0 if all holds, 1 if something does not, 2 on wrong usage, 3 if it could not find out.\n"
              "FOLDER is ./ledger-audit unless another is given.",
  };
  struct audit audit = {0};
  signal(SIGPIPE, SIG_IGN);
  int status = cmd_main(&program, &audit, argc, argv);
  return status ? status : audit.status;
}
