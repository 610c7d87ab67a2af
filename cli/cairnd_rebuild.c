/* rebuild: a node that was restored gets what it lacks, and serves again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/noded_recover.h"
#include "core/directory.h"
#include "core/publication.h"
#include "core/recovery.h"
#include "core/text.h"
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
  if (m->is_heard || m->is_without)
    return OK;
  out_begin(out, NULL);
  out_field_bytes(out, "machine", m->name);
  out_field_bytes(out, "agency", m->agency);
  out_end(out);
  return OK;
}

static enum err print_source(void *of, const struct recovery_source *x) {
  struct out *out = of;
  const bool is_mirror = hash_is_zero(&x->id);
  out_begin(out, NULL);
  out_field_id(out, "source", is_mirror ? NULL : hash_hex(&x->id).s);
  out_field_bytes(out, "machine", is_mirror ? bytes_str("a mirror") : x->name);
  out_field_number(out, "leaves", x->leaves);
  out_field_number(out, "contradicted", x->contradicted);
  out_end(out);
  return OK;
}

static enum err print_without(void *of, struct bytes source, struct bytes reason) {
  struct out *out = of;
  char *hex = bytes_copy_string(source);
  out_begin(out, NULL);
  out_field_id(out, "source", hex);
  out_field_bytes(out, "reason", reason);
  out_end(out);
  free(hex);
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
  out_field_number(out, "not-kept", st.unkept);
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
  out_table_begin(out, "offered", NULL);
  if (e == OK)
    e = recovery_each_source(n->store, out, print_source);
  out_table_end(out);
  out_table_begin(out, "without", NULL);
  if (e == OK)
    e = recovery_each_without(n->store, out, print_without);
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

static enum err accept_loss(struct noded *n) {
  enum err e = store_begin(n->store);
  if (e != OK)
    return e;
  return store_end(n->store, recovery_give_up(n->store));
}

/* ---- before the end: what the administrator decides and brings ---- */

static const char *reason_of(const struct cmd_line *line) {
  const char *reason = cmd_value(line, "reason");
  return reason && reason[0] ? reason : NULL;
}

static enum err do_without(struct noded *n, const char *who, const char *reason) {
  struct hash source;
  enum err e = recovery_find_source(n->store, bytes_str(who), &source);
  return e == OK ? recovery_do_without(n->store, &source, bytes_str(reason)) : e;
}

static enum err decide(struct noded *n, const struct cmd_line *line) {
  const char *who, *room = cmd_value(line, "room");
  uint64_t room_mib = 0;
  enum err e = OK;
  if (room && (text_number(bytes_str(room), &room_mib) != OK || room_mib == 0 || room_mib > (1 << 20)))
    return err_set(ERR_USAGE, "--room takes 1 to 1048576 MiB: \"%s\"", room);
  if (cmd_value(line, "without") && reason_of(line) == NULL)
    return err_set(ERR_USAGE, "--without needs --reason, which is kept and told");
  if (room == NULL && cmd_value(line, "without") == NULL)
    return OK;
  e = store_begin(n->store);
  if (e != OK)
    return e;
  if (room)
    e = recovery_set_room(n->store, room_mib << 20);
  for (size_t i = 0; e == OK && (who = cmd_nth(line, "without", i)) != NULL; i++)
    e = do_without(n, who, reason_of(line));
  return store_end(n->store, e);
}

/* Those in the node's own list. One that cannot be reached, or has nothing, is no reason not to go on. */
static enum err stage_listed(struct noded *n, struct out *out) {
  static struct mirror mirrors[MIRRORS_MAX];
  size_t count = 0;
  enum err e = mirror_list(n->store, mirrors, &count);
  for (size_t i = 0; e == OK && i < count; i++) {
    struct noded_mirror_at at = {mirrors[i].url, mirrors[i].credentials};
    enum err staged = noded_stage_mirror(n, n->folder, &at);
    if (staged != OK)
      out_say(out, "The mirror %s was passed over: %s.", mirrors[i].url, err_words(staged));
  }
  return e;
}

static bool is_look(const struct cmd_line *line) {
  return cmd_flag(line, "status") && !cmd_value(line, "mirror") && !cmd_value(line, "offer");
}

/* With the keys that are loaded, which may be newer than what the store had of them. */
static enum err show_itself(struct noded *n) {
  enum err e = noded_stand_in(n);
  if (e == OK)
    store_read_as(n->store, &(struct scope_recipient){.replica = key_id(n->operating)});
  return e == OK ? noded_identify(n) : e;
}

static enum err stage(struct noded *n, const struct cmd_line *line, struct out *out) {
  const char *mirror = cmd_value(line, "mirror"), *offer;
  const struct noded_mirror_at at = {mirror, ""};
  enum err e = OK;
  if (mirror && !recovery_is_on(n->store))
    return err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (mirror)
    e = noded_stage_mirror(n, n->folder, &at);
  else if (recovery_is_on(n->store) && !cmd_flag(line, "status"))
    e = stage_listed(n, out);
  for (size_t i = 0; e == OK && (offer = cmd_nth(line, "offer", i)) != NULL; i++)
    e = noded_stage_offer(n, offer);
  /* The authority that machines trust by now may have come with it. */
  return e == OK && recovery_is_on(n->store) && !is_look(line) ? show_itself(n) : e;
}

static enum err end(struct noded *n, const struct cmd_line *line) {
  if (cmd_flag(line, "accept-loss"))
    return accept_loss(n);
  return recover_finish(&n->exchange,
                        cmd_flag(line, "without-the-rest") ? RECOVERY_WITHOUT_THE_REST : RECOVERY_WAIT_FOR_THE_REST);
}

/* ---- the last resort ---- */

static void print_against(const struct recovery_against *a, struct out *out) {
  out_begin(out, NULL);
  out_field_number(out, "number", a->number);
  out_field(out, "rule", a->rule);
  out_end(out);
}

static enum err print_anew(struct noded *n, const struct recovery_anew *a, struct out *out) {
  struct directory_log log = {0};
  uint64_t number = 0;
  enum err e = directory_log(n->store, &log);
  if (e == OK)
    e = directory_opened_anew(n->store, &number);
  out_begin(out, NULL);
  out_field_bytes(out, "ledger", buf_bytes(&log.origin));
  out_field_number(out, "opened-by", number);
  out_field_number(out, "former-size", a->size);
  out_field(out, "former-root", hash_hex(&a->root).s);
  out_field_number(out, "kept", a->kept);
  out_field_number(out, "taken-over", a->taken_over);
  out_field_number(out, "missing", a->missing);
  out_field_number(out, "against-rules", a->against_rules);
  out_field_number(out, "erase-again", a->erase_again);
  out_table_begin(out, "missing-numbers", NULL);
  for (size_t i = 0; e == OK && i < a->run_count; i++)
    e = print_run(out, a->runs[i].first, a->runs[i].last);
  out_table_end(out);
  out_table_begin(out, "against", NULL);
  for (size_t i = 0; e == OK && i < a->against_count; i++)
    print_against(&a->against[i], out);
  out_table_end(out);
  out_end(out);
  directory_log_release(&log);
  return e;
}

static enum err open_anew(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct recovery_anew a = {0};
  const char *reason = reason_of(line);
  enum recovery_rest rest = cmd_flag(line, "without-the-rest") ? RECOVERY_WITHOUT_THE_REST : RECOVERY_WAIT_FOR_THE_REST;
  if (reason == NULL)
    return err_set(ERR_USAGE, "--new-log needs --reason, which stands in the ledger for good");
  enum err e = recover_go_on_anew(&n->exchange, rest, reason, noded_now_s(), &a);
  if (e == OK)
    e = show_itself(n);
  if (e == OK)
    e = print_anew(n, &a, out);
  if (e == OK)
    out_say(out, "The ledger goes on under a new name, and the node serves again. Machines take nothing of it before "
                 "somebody has said so there: cairn sync --new-log. What they recorded and is missing here they send "
                 "again then, so tell all agencies, and the auditor, why. Mirrors that went further stay as they are: "
                 "name new ones.");
  if (e == OK && a.against_rules)
    out_say(out,
            "Some of what was taken over rules speak against, by what is here: because of what is missing, or because "
            "it never was in the former ledger. Show it to the Keeper of the Register, by its number.");
  if (e == OK && a.erase_again)
    out_say(out, "What was erased is here without its content, but some of what says so is missing: the Keeper of the "
                 "Register erases it again, before a machine that has not heard of it gives it back.");
  recovery_anew_release(&a);
  return e;
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
  return cmd_flag(line, "status") ||
         (cmd_value(line, "offer") && !cmd_flag(line, "new-log") && !recovery_is_on(n->store));
}

static enum err rebuild(struct noded *n, const struct cmd_line *line, struct out *out) {
  enum err e = decide(n, line);
  if (e == OK)
    e = stage(n, line, out);
  if (e != OK || is_done_with(n, line))
    return e == OK ? print_status(n, out) : e;
  if (cmd_flag(line, "new-log"))
    return open_anew(n, line, out);
  e = end(n, line);
  if (e == OK)
    e = show_itself(n);
  if (e == OK)
    e = print_status(n, out);
  return e == OK ? say_end(n, out) : e;
}

/* Whoever looks ends nothing, and a rebuilding ends in one way. */
static enum err check_goes_together(const struct cmd_line *line) {
  static const char *const apart[][2] = {{"status", "without-the-rest"},
                                         {"status", "accept-loss"},
                                         {"status", "new-log"},
                                         {"accept-loss", "without-the-rest"},
                                         {"accept-loss", "new-log"}};
  for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
    if (cmd_flag(line, apart[i][0]) && cmd_flag(line, apart[i][1]))
      return err_set_remedy(ERR_USAGE, "choose one of them", "--%s and --%s do not go together", apart[i][0],
                            apart[i][1]);
  return OK;
}

static enum err run_rebuild(void *program, const struct cmd_line *line, struct out *out) {
  enum err e = check_goes_together(line);
  return e == OK ? with_node(program, line, out, is_look(line) ? NODED_STORE_ONLY : NODED_KEYS, rebuild) : e;
}

static const struct cmd_opt rebuild_opts[] = {
    {"mirror", CMD_VALUE, "URL", "take the leaves from this mirror first, and not from those in the node's list"},
    {"offer", CMD_LIST, "FILE", "take what a machine wrote with cairn offer; may be repeated"},
    {"status", CMD_FLAG, NULL, "end nothing: say what is there and what is missing, by number"},
    {"without-the-rest", CMD_FLAG, NULL, "do not wait for machines that were not heard: they are gone for good"},
    {"without", CMD_LIST, "MACHINE", "do without what this machine offers, and do not wait for it; may be repeated"},
    {"reason", CMD_VALUE, "TEXT", "why; it is kept and told"},
    {"room", CMD_VALUE, "MIB", "how much is kept of what one machine offers (default 4096)"},
    {"accept-loss", CMD_FLAG, NULL, "go on with what is here, if nobody has shown more"},
    {"new-log", CMD_FLAG, NULL, "the last resort: go on under a new name, without what nobody has"},
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
