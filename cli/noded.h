/* The node as its program sees it: a folder with the store, the keys and the published ledger; opened for one command,
 * or for good by `serve`, which other commands then reach through a socket. */
#ifndef CAIRN_CLI_NODED_H
#define CAIRN_CLI_NODED_H

#include "cli/cmd.h"
#include "cli/folder.h"
#include "sync/exchange.h"
#include "sync/node.h"

#define NODED_STORE "node.db"
#define NODED_CONTROL "control.sock"
#define NODED_LEDGER "ledger.git"

struct noded {
  const struct cmd_program *program;
  int argc;
  char **argv;
  int status; /* of a command that the serving node ran for us */
  struct store *store;
  struct key *authority, *ledger, *operating, *tls;
  struct exchange_node exchange;
  struct node *server; /* NULL unless serving */
  struct buf host;
  uint16_t port;
};

/* The node's folder, as the options say. */
const char *noded_folder(const struct cmd_line *line);

/* Lets a serving node run this command: true if it did, its output is in out and its status in n->status. *e_out is the
 * error if there is a node that could not be asked. */
bool noded_relay(struct noded *n, const struct cmd_line *line, struct out *out, enum err *e_out);

enum noded_need { NODED_STORE_ONLY, NODED_KEYS };
/* Opens the folder, unless this is the serving node itself, which has it open. */
enum err noded_open(struct noded *n, const struct cmd_line *line, enum noded_need need);
void noded_close(struct noded *n);

/* Publishes the newest checkpoint, if it is not published yet. */
enum err noded_publish(struct noded *n, const char *folder);

int64_t noded_now_s(void);

extern const struct cmd_opt noded_opts[];
extern const struct cmd noded_init_commands[];  /* cairnd_init.c */
extern const struct cmd noded_serve_commands[]; /* cairnd_serve.c */
extern const struct cmd noded_admin_commands[]; /* cairnd_admin.c */

#endif
