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
  int status;         /* of a command that the serving node ran for us */
  const char *folder; /* that is open; borrowed from the command line of this process */
  struct store *store;
  struct key *authority, *ledger, *operating, *tls;
  struct buf passphrase; /* of the keys' files, for those of new keys; with NODED_KEYS */
  struct exchange_node exchange;
  struct node *server;   /* NULL unless serving */
  char unpublished[512]; /* while serving: why the ledger could not be published last, or "" */
  struct buf host;
  uint16_t port;
};

/* The node's folder, as the options say. */
const char *noded_folder(const struct cmd_line *line);

/* Lets a serving node run this command: true if it did, its output is in out and its status in n->status. *e_out is the
 * error if there is a node that could not be asked. */
bool noded_relay(struct noded *n, const struct cmd_line *line, struct out *out, enum err *e_out);

/* Asks for the passphrase and opens the four keys' files of a folder. */
enum err noded_load_keys(struct noded *n, const struct cmd_line *line, const char *folder);

enum noded_need { NODED_STORE_ONLY, NODED_KEYS };
/* Opens the folder, unless this is the serving node itself, which has it open. */
enum err noded_open(struct noded *n, const struct cmd_line *line, enum noded_need need);
void noded_close(struct noded *n);

/* ---- noded_keys.c: the keys' files ---- */

enum noded_part { NODED_AUTHORITY_KEY, NODED_LEDGER_KEY, NODED_OPERATING_KEY, NODED_TLS_KEY };
#define NODED_PARTS 4
/* The key as it is loaded. */
struct key **noded_key(struct noded *n, enum noded_part part);
const char *noded_key_file(enum noded_part part);
/* Appends the name under which an authority's key is kept when another came after it: authority-0123456789abcdef.key */
const char *noded_former_file(struct buf *b, const struct hash *key_id);
/* A name that a file of a key may have, also one that is prepared; and whether this is what such a file holds. */
bool noded_is_key_file(const char *name);
bool noded_is_key(struct bytes content);
/* A new key in a file beside the one in force. It takes effect with what the store says (noded_settle), so that
 * whatever interrupts a rotation, the node has the keys that its ledger names. */
enum err noded_key_prepare(struct noded *n, const char *folder, enum noded_part part, struct key **out);
/* Puts a prepared key's file in the place of the one that it follows; an authority's is kept under another name. */
enum err noded_key_place(struct noded *n, const char *folder, enum noded_part part);
/* After loading: the keys are those that the store names, prepared ones that were interrupted are placed or dropped. */
enum err noded_settle(struct noded *n, const char *folder);
/* Appends the names of the files whose keys are not those that the store names. */
enum err noded_other_keys(struct noded *n, struct buf *names);
/* The key of an authority of before, by its id. ERR_ABSENT. */
enum err noded_former_key_of(struct noded *n, const char *folder, const struct hash *id, struct key **out);

/* ---- noded_certify.c: what the node shows itself with ---- */

#define NODED_TLS_CERT "tls-cert" /* in the store: the certificate from the authority in force */
struct noded_authority {
  const struct key *key;
  struct bytes cert;
};
/* A TLS certificate of this key from this authority, kept under the name. In a transaction of the caller's. */
enum err noded_certify_by(struct noded *n, const struct noded_authority *by, const struct key *tls, const char *name,
                          int64_t now_s);
/* From each authority that the ledger has had and whose key is here, and says that this is the node's TLS key. While
 * the node is being rebuilt, also from the one whose key it has now, if it came after the log's end. In a transaction
 * of the caller's. */
enum err noded_certify(struct noded *n, const char *folder, const struct key *tls, int64_t now_s);
/* The same for the TLS key that is loaded: where a node was restored, its keys' files may be newer than its store. */
enum err noded_stand_in(struct noded *n);

/* The certificate of that one, appended: of the leaf that names it, if somebody has offered it, else the one that was
 * made to stand in for it. ERR_ABSENT. */
enum err noded_authority_ahead(struct noded *n, struct buf *cert);

/* What the node shows over TLS: certificate and authority in force, and those of before. Owned. */
struct noded_identity {
  struct buf authority, certificate;
  size_t former_count;
  struct buf *former_bufs; /* two for each */
  struct tls_former *former;
};
enum err noded_identity(struct noded *n, struct noded_identity *out);
void noded_identity_release(struct noded_identity *i);
/* Shows it to the connections to come; nothing to do unless serving. */
enum err noded_identify(struct noded *n);
/* Where the store keeps the TLS certificate from an authority of before, by the hash of its certificate. */
const char *noded_former_name(struct buf *b, const struct hash *authority);

/* noded_publish.c: publishes what was kept and not published, and then the newest checkpoint. Gives the size that is
 * published now, which is smaller than the newest one's if there was too much to do at once. ERR_REFUSED if the
 * repository is not the one that this node has published. */
enum err noded_publish(struct noded *n, const char *folder, uint64_t *size_out);

int64_t noded_now_s(void);

extern const struct cmd_opt noded_opts[];
extern const struct cmd noded_init_commands[];    /* cairnd_init.c */
extern const struct cmd noded_serve_commands[];   /* cairnd_serve.c */
extern const struct cmd noded_admin_commands[];   /* cairnd_admin.c */
extern const struct cmd noded_rotate_commands[];  /* cairnd_rotate.c */
extern const struct cmd noded_publish_commands[]; /* cairnd_publish.c */
extern const struct cmd noded_take_commands[];    /* cairnd_take.c */
extern const struct cmd noded_backup_commands[];  /* cairnd_backup.c */
extern const struct cmd noded_restore_commands[]; /* cairnd_restore.c */
extern const struct cmd noded_rebuild_commands[]; /* cairnd_rebuild.c */

/* cairnd_admin.c: runs a command by the serving node if there is one, else with the store opened for this command. */
enum err with_node(struct noded *n, const struct cmd_line *line, struct out *out, enum noded_need need,
                   enum err (*run)(struct noded *n, const struct cmd_line *line, struct out *out));

#endif
