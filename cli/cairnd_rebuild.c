/* rebuild: a node that was restored gets what it lacks, and serves again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/noded_recover.h"
#include "core/recovery.h"
#include "sync/recover.h"

/* ---- how far it is ---- */

static enum err print_run(void *of, uint64_t first, uint64_t last) {
  struct out *out = of;
  out_begin(out, NULL);
  out_field_number(out, "from", first);
  out_field_number(out, "to", last);
  out_end(out);
  return OK;
}

static enum err print_unheard(void *of, const struct recovery_machine *m) {
  struct out *out = of;
  if (m->is_heard)
    return OK;
  out_begin(out, NULL);
  out_field_bytes(out, "machine", m->name);
  out_field_bytes(out, "agency", m->agency);
  out_end(out);
  return OK;
}

enum err noded_print_recovery(struct noded *n, struct out *out) {
  struct recovery_status st = {0};
  enum err e = recovery_status(n->store, &st);
  if (e != OK)
    return e;
  out_field(out, "state", st.is_on ? "being rebuilt" : "whole");
  out_field_number(out, "entries", st.size);
  out_field_number(out, "goal", st.goal);
  out_field(out, "goal-root", st.goal ? hash_hex(&st.root).s : NULL);
  struct recovery_heard heard = {0};
  if (e == OK)
    e = recovery_count_heard(n->store, &heard);
  /* Before the directory is here nobody knows who they are. */
  out_field_number(out, "heard", heard.machines ? heard.heard : st.machines);
  out_field_number(out, "machines", heard.machines);
  out_field_number(out, "missing", st.missing);
  out_field_number(out, "without-content", st.without);
  out_field_number(out, "lost", st.lost);
  out_table_begin(out, "missing-numbers", NULL);
  e = recovery_each_missing(n->store, out, print_run);
  out_table_end(out);
  out_table_begin(out, "lost-numbers", NULL);
  if (e == OK)
    e = recovery_each_lost(n->store, out, print_run);
  out_table_end(out);
  out_table_begin(out, "not-heard", NULL);
  if (e == OK && (st.is_on || st.machines))
    e = recovery_each_machine(n->store, out, print_unheard);
  out_table_end(out);
  return e;
}

static enum err print_status(struct noded *n, struct out *out) {
  out_begin(out, NULL);
  enum err e = noded_print_recovery(n, out);
  out_end(out);
  return e;
}

/* ---- the end ---- */

/* The authorities and certificates that the ledger names are shown to the connections to come. */
static enum err identify(struct noded *n) {
  struct noded_identity identity = {0};
  enum err e = OK;
  if (n->server == NULL)
    return OK;
  e = noded_identity(n, &identity);
  struct node_settings settings = {.ca = buf_bytes(&identity.authority),
                                   .certificate = buf_bytes(&identity.certificate),
                                   .key = n->tls,
                                   .former = identity.former,
                                   .former_count = identity.former_count};
  if (e == OK)
    e = node_identify(n->server, &settings);
  noded_identity_release(&identity);
  return e;
}

static enum err accept_loss(struct noded *n) {
  enum err e = store_begin(n->store);
  if (e == OK)
    e = recovery_give_up(n->store);
  if (e == OK)
    return store_commit(n->store);
  char words[512], remedy[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  store_rollback(n->store);
  return err_set_remedy(e, remedy, "%s", words);
}

static enum err stage(struct noded *n, const struct cmd_line *line) {
  const char *mirror = cmd_value(line, "mirror"), *offer = cmd_value(line, "offer");
  enum err e = OK;
  if (mirror && !recovery_is_on(n->store))
    return err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (mirror)
    e = noded_stage_mirror(n, n->folder, mirror);
  return e == OK && offer ? noded_stage_offer(n, offer) : e;
}

static enum err end(struct noded *n, const struct cmd_line *line) {
  if (cmd_flag(line, "accept-loss"))
    return accept_loss(n);
  return recover_finish(&n->exchange,
                        cmd_flag(line, "without-the-rest") ? RECOVERY_WITHOUT_THE_REST : RECOVERY_WAIT_FOR_THE_REST);
}

static void say_heard(const struct recovery_heard *heard, struct out *out) {
  out_say(out, "Heard: %" PRIu64 " of %" PRIu64 " machines.", heard->heard, heard->machines);
  if (heard->heard < heard->machines)
    out_say(out, "If one that was not heard held more, its ledger is another history now: it is refused when it syncs, "
                 "and is to be kept as it is.");
}

static enum err say_end(struct noded *n, struct out *out) {
  struct recovery_status st = {0};
  struct recovery_heard heard = {0};
  enum err e = recovery_status(n->store, &st);
  if (e == OK)
    e = recovery_count_heard(n->store, &heard);
  if (e == OK && st.lost)
    out_say(out,
            "The ledger is whole. The content of %" PRIu64
            " entries is not here: machines that hold it give it back when "
            "they sync. cairnd rebuild --status lists them.",
            st.lost);
  else if (e == OK)
    out_say(out, "The ledger is whole, with the root of the largest checkpoint that was shown. The node serves again.");
  if (e == OK)
    say_heard(&heard, out);
  if (e == OK && !recovery_has_mirror(n->store))
    out_say(out,
            "No copy of the published ledger was seen: commits that are not in the backup are made anew, and auditors "
            "who have the former ones find P-FORCED. Tell them why.");
  return e;
}

/* A node that serves, and only lacks contents, gets them, and has nothing to end. */
static bool is_done_with(struct noded *n, const struct cmd_line *line) {
  return cmd_flag(line, "status") || (cmd_value(line, "offer") && !recovery_is_on(n->store));
}

static enum err rebuild(struct noded *n, const struct cmd_line *line, struct out *out) {
  enum err e = stage(n, line);
  if (e != OK || is_done_with(n, line))
    return e == OK ? print_status(n, out) : e;
  e = end(n, line);
  if (e == OK)
    e = identify(n);
  if (e == OK)
    e = print_status(n, out);
  return e == OK ? say_end(n, out) : e;
}

static enum err run_rebuild(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_KEYS, rebuild);
}

static const struct cmd_opt rebuild_opts[] = {
    {"mirror", CMD_VALUE, "URL", "take the leaves from a mirror of the published ledger first"},
    {"offer", CMD_VALUE, "FILE", "take what a machine wrote with cairn offer"},
    {"status", CMD_FLAG, NULL, "end nothing: say what is there and what is missing, by number"},
    {"without-the-rest", CMD_FLAG, NULL, "do not wait for machines that were not heard: they are gone for good"},
    {"accept-loss", CMD_FLAG, NULL, "the last resort: go on with what is here, if nobody has shown more"},
    {0},
};

const struct cmd noded_rebuild_commands[] = {
    {"rebuild", "", 0, 0, rebuild_opts, "end the rebuilding of a node that was restored, when its ledger is whole",
     "Before that, let the node serve and let the agencies' machines sync: each shows how far the ledger went, and\n"
     "offers what it holds. Everything is taken at once, if it gives the root of the largest checkpoint that was\n"
     "shown, and all machines that take part were heard; else nothing is. What nobody has the content of is listed by\n"
     "number, and may come back later.",
     run_rebuild},
    {0},
};
