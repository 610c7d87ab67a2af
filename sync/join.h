/* Joining (sync/PROTOCOL.md sections 6 and 7): the token, and both sides of the conversation, bytes in, bytes out. */
#ifndef CAIRN_SYNC_JOIN_H
#define CAIRN_SYNC_JOIN_H

#include "core/invitation.h"
#include "sync/exchange.h"

struct join_token {
  char host[256];
  uint16_t port;
  struct hash authority; /* the SHA-256 of the authority's certificate */
  uint8_t secret[MSG_SECRET_SIZE];
};
/* ERR_USAGE with words if it is not one. */
enum err join_token_parse(const char *text, struct join_token *out);
void join_token_format(struct buf *b, const struct join_token *t);

/* What an invitation is for. */
struct join_invite {
  struct hash agency;
  const char *person, *post,
      *roles; /* roles joined by spaces, with ":" and the day of training where there is one; post may be NULL */
  int64_t until_s;
};
/* Draws the secret of a token and calls write with the draft of the invitation's entry, which holds its hash. ERR_LIMIT
 * for more roles than there are. */
enum err join_draft(const struct join_invite *i, uint8_t secret_out[MSG_SECRET_SIZE], void *of,
                    enum err (*write)(void *of, const struct draft *draft));
/* The node's own invitation. In a transaction of the caller's. ERR_REFUSED in the words of a rule. */
enum err join_invite(struct exchange_node *n, const struct join_invite *i, int64_t now_s,
                     uint8_t secret_out[MSG_SECRET_SIZE]);

/* A name on one line, as it travels. */
void join_add_line(struct buf *out, struct bytes text);

/* The node's side. Who asks hears whom the invitation is for. Who joins: checks the invitation, writes the person, the
 * machine, their certificates and roles, answers; the same keys get the same answer again. Errors as exchange_answer's;
 * ERR_ABSENT for an invitation that was used, withdrawn, revoked, has expired, or never was: the same words for all,
 * but for n->told; ERR_REFUSED if it is for somebody else than the joiner says. */
enum err join_answer(struct exchange_node *n, struct bytes request, int64_t now_s, struct buf *answer);

/* The token for a machine that an officer has enrolled (core/FORMAT.md: replica.add): no invitation, a secret of zeros.
 * The node answers it with the certificates that it issued. */
bool join_token_is_enrolled(const struct join_token *t);

/* That token for the node of a replica that has joined, from what its store knows: where the node is, and no secret. */
enum err join_token_of(struct store *s, struct join_token *out);

/* The replica's side. */
struct join_keys {
  const struct key *person, *seal, *replica; /* the person's to sign and to seal to, and the machine's */
};
/* Whom the joiner takes the invitation to be for; NULL: whomever it is for. */
struct join_who {
  const char *name, *agency;
};
void join_ask(const struct join_token *t, const struct join_who *who, struct buf *out);
enum err join_request(const struct join_token *t, const struct join_who *who, const struct join_keys *keys,
                      const char *machine, struct buf *out);
/* Checks the answer against the token and the keys and fills a new store's facts about itself (ledger, vkey, authority,
 * certificates). */
enum err join_take(struct store *s, const struct join_token *t, const struct join_keys *keys, struct bytes answer);
/* What the first sync must find in the ledger about the joiner, besides what join_take keeps for it. */
enum err join_expect(struct store *s, const struct join_who *who);
/* join_check.c: once, when the feed has been received whole: does the ledger say of the joiner and of this machine what
 * the node answered, with their own keys, and by the right invitation or an officer? ERR_KEY with words. */
enum err join_check(struct store *s);
/* The same as join_take for a replica that is there, whose machine has a new key that an officer enrolled: checks the
 * answer against its keys and the ledger that the store knows (ERR_KEY if they are others), takes the machine's new
 * entry, key and certificate, and moves what the node has not decided about into the new key's chain
 * (store_outbox_reposition; moved_out: how many acts). Who answered, the caller has made sure of, by the authority that
 * this replica trusts; the certificates may be from one that came after it. In a transaction of the caller's. */
enum err join_take_renewed(struct store *s, const struct key *person, const struct key *replica, struct bytes answer,
                           uint64_t *moved_out);

#endif
