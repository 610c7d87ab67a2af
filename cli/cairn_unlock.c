#include "cli/agent.h"
#include "cli/home.h"
#include "core/text.h"

static void print_unlocked(const struct agent_started *started, uint32_t for_s, struct out *out) {
  out_begin(out, NULL);
  out_field(out, "unlocked-until", text_time_format(home_now_s() + for_s).s);
  out_field_number(out, "seconds", for_s);
  out_field_number(out, "process", (uint64_t)started->process);
  out_field_bool(out, "locked-in-memory", started->is_locked_in_memory);
  out_end(out);
  if (!started->is_locked_in_memory)
    out_say(out, "Warning: the system does not let the keys be kept out of swap (ulimit -l is the limit).");
  out_say(out, "To end it sooner: cairn lock");
}

static enum err run_unlock(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0}, passphrase = {0};
  struct agent_keys *keys = NULL;
  struct agent_started started;
  uint32_t for_s = AGENT_FOR_S;
  bool ignored;
  const char *typed = cmd_value(line, "for"), *name = home_folder(line, &folder);
  enum err e = typed ? agent_parse_for(typed, &for_s) : OK;
  if (e == OK)
    e = home_check_folder(name);
  if (e == OK)
    e = home_settle(program, line, &ignored);
  if (e == OK)
    e = folder_passphrase(line, "passphrase", false, &passphrase);
  if (e == OK)
    e = agent_keys_load(name, buf_bytes(&passphrase), &keys);
  /* Before the agent is forked off, which would take a copy along. */
  buf_release_secret(&passphrase);
  if (e == OK)
    e = agent_start(name, keys, for_s, &started);
  if (e == OK)
    print_unlocked(&started, for_s, out);
  agent_keys_free(keys);
  buf_release(&folder);
  return e;
}

static enum err run_lock(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0};
  bool was_unlocked;
  const char *name = home_folder(line, &folder);
  (void)program;
  enum err e = home_check_folder(name);
  if (e == OK)
    e = agent_lock(name, &was_unlocked);
  if (e == OK) {
    out_begin(out, NULL);
    out_field_bool(out, "was-unlocked", was_unlocked);
    out_end(out);
    out_say(out, was_unlocked ? "Locked: the keys are wiped from memory." : "There was nothing to lock.");
  }
  buf_release(&folder);
  return e;
}

static const struct cmd_opt unlock_opts[] = {
    {"for", CMD_VALUE, "TIME", "how long: 45s, 30m, 8h (the default), at most 24h"},
    {0},
};

const struct cmd home_unlock_commands[] = {
    {"unlock", "", 0, 0, unlock_opts, "ask for the passphrase once, and keep the keys for a while",
     "A process in the background keeps the keys in memory, for commands of the same user on this replica. It forgets "
     "them\n"
     "when the time is over, when the machine is suspended, and by cairn lock.",
     run_unlock},
    {"lock", "", 0, 0, NULL, "forget the keys that unlock keeps", NULL, run_lock},
    {0},
};
