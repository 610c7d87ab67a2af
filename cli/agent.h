/* The agent: a process in the background that keeps a replica's keys (the person's two, the machine's) unlocked for a
 * while, so that commands need not ask for the passphrase; and the side of it that the commands see.
 *
 * It listens on a unix socket of mode 0600 in the replica's folder and answers processes of the same user only. The
 * keys stand in memory that is kept out of swap and core dumps. They are wiped, and the agent ends, when it is told to
 * lock, on SIGTERM, SIGINT and SIGHUP, when its time is over, when the machine was suspended, and when its socket or a
 * key file is gone or another one. The calendar's clock plays no part in this: setting it prolongs nothing.
 *
 * One message each way, of fixed size, on SOCK_SEQPACKET: version 1, what is wanted (`k` a key, `l` lock), and 32
 * bytes, for `k` the SHA-256 of the key file as the command finds it; the answer is 0 and the key, or for `l` 0 and
 * zeros. Whoever sends anything else gets no answer. So a key is handed out only for the file that it was read from. */
#ifndef CAIRN_CLI_AGENT_H
#define CAIRN_CLI_AGENT_H

#include "core/key.h"

#define AGENT_SOCKET "agent.sock"
#define AGENT_REQUEST_SIZE (2 + HASH_SIZE)
#define AGENT_ANSWER_SIZE (1 + KEY_SECRET_SIZE)
#define AGENT_WAIT_MS 1000 /* for each other's next step, either side */
#define AGENT_KEY_COUNT 3
#define AGENT_FOR_S (8 * 60 * 60)
#define AGENT_FOR_S_MAX (24 * 60 * 60)

/* ---- for commands ---- */

/* A key from the agent, if there is one that answers in time and keeps the key of this file in the folder; ERR_ABSENT
 * otherwise, whatever the reason: then the passphrase has to be asked for. */
enum err agent_ask(const char *folder, const char *key_file, struct key **out);

/* How long to keep the keys: 45s, 30m, 8h; at most a day. ERR_USAGE. */
enum err agent_parse_for(const char *typed, uint32_t *for_s_out);

/* The keys of a replica's folder, in memory of their own. */
struct agent_keys {
  struct agent_key {
    struct hash file; /* of the key file's bytes */
    uint8_t secret[KEY_SECRET_SIZE];
  } of[AGENT_KEY_COUNT];
};
/* Opens all of them; errors as key_load. */
enum err agent_keys_load(const char *folder, struct bytes passphrase, struct agent_keys **out);
void agent_keys_wipe(struct agent_keys *keys);
/* Wipes, too. */
void agent_keys_free(struct agent_keys *keys);

struct agent_started {
  int process;
  bool is_locked_in_memory; /* false: the system did not allow it, and the keys may get into swap */
};
/* Ends an agent that is there, and starts one with a copy of the keys. When it returns OK the agent listens. */
enum err agent_start(const char *folder, struct agent_keys *keys, uint32_t for_s, struct agent_started *out);

/* Ends the agent; OK also if there was none. One that does not answer is killed. */
enum err agent_lock(const char *folder, bool *was_unlocked_out);

/* ---- the agent's own steps, as agent_start's process takes them ---- */

/* CLOCK_BOOTTIME goes on while the machine is suspended, CLOCK_MONOTONIC does not. */
struct agent_time {
  int64_t boot_ms, mono_ms;
};

struct agent_settings {
  int folder;              /* open for reading */
  int listener;            /* from agent_bind */
  int signals;             /* readable when a signal says to end, or -1 */
  struct agent_keys *keys; /* wiped at the end, freed by the caller */
  uint32_t for_s;
  struct agent_time (*now)(void *of);
  void *of;
};

struct agent;

/* A socket bound to AGENT_SOCKET in the folder; replaces one that is there. ERR_IO if something else has that name. */
enum err agent_bind(int folder, int *listener_out);
/* Begins to listen. All that the settings name is borrowed until agent_close. */
enum err agent_open(const struct agent_settings *settings, struct agent **out);
/* Waits at most wait_ms for something to do, and does it. False when it is over: keys are wiped, the socket is gone. */
bool agent_step(struct agent *a, int wait_ms);
void agent_close(struct agent *a);

#endif
