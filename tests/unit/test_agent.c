#include "cli/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/home.h"
#include "core/text.h"

#define NOBODY 65534
#define FOR_S 600

static const struct bytes passphrase = {(const uint8_t *)"correct horse", 13};

/* A replica's folder with its two keys, and an agent in this process whose steps and clock the test makes. */
static struct world {
  char folder[64];
  char socket[96];
  struct key *person, *seal, *replica;
  int fd, listener;
  int signals[2]; /* a pipe in place of signals */
  struct agent_time time;
  struct agent_keys *keys;
  struct agent *agent;
} w;

static void path_in(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", w.folder, name);
}

static void write_file(const char *name, const char *text) {
  char path[96];
  path_in(path, sizeof path, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

static int make_keys(void **state) {
  char path[96];
  (void)state;
  strcpy(w.folder, "/tmp/cairn-test-agent-XXXXXX");
  assert_non_null(mkdtemp(w.folder));
  path_in(w.socket, sizeof w.socket, AGENT_SOCKET);
  w.person = key_new();
  w.seal = key_new();
  w.replica = key_new();
  path_in(path, sizeof path, HOME_PERSON_KEY);
  assert_int_equal(key_save(w.person, path, passphrase), OK);
  path_in(path, sizeof path, HOME_SEAL_KEY);
  assert_int_equal(key_save(w.seal, path, passphrase), OK);
  path_in(path, sizeof path, HOME_REPLICA_KEY);
  assert_int_equal(key_save(w.replica, path, passphrase), OK);
  return 0;
}

static int remove_keys(void **state) {
  static const char *const names[] = {HOME_PERSON_KEY, HOME_SEAL_KEY, HOME_REPLICA_KEY, "kept", AGENT_SOCKET};
  char path[96];
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    path_in(path, sizeof path, names[i]);
    unlink(path);
  }
  key_free(w.person);
  key_free(w.seal);
  key_free(w.replica);
  return rmdir(w.folder);
}

static struct agent_time test_time(void *of) {
  (void)of;
  return w.time;
}

static void open_agent(void) {
  struct agent_settings s = {.folder = w.fd,
                             .listener = w.listener,
                             .signals = w.signals[0],
                             .keys = w.keys,
                             .for_s = FOR_S,
                             .now = test_time};
  assert_int_equal(agent_open(&s, &w.agent), OK);
}

static int bind_agent(void **state) {
  (void)state;
  w.fd = open(w.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(w.fd >= 0);
  assert_int_equal(pipe(w.signals), 0);
  assert_int_equal(agent_keys_load(w.folder, passphrase, &w.keys), OK);
  assert_int_equal(agent_bind(w.fd, &w.listener), OK);
  w.time = (struct agent_time){5000000, 3000000}; /* the machine has slept before */
  return 0;
}

static int start_agent(void **state) {
  bind_agent(state);
  open_agent();
  return 0;
}

static int stop_agent(void **state) {
  (void)state;
  agent_close(w.agent);
  w.agent = NULL;
  agent_keys_free(w.keys);
  close(w.listener);
  close(w.fd);
  close(w.signals[0]);
  close(w.signals[1]);
  unlink(w.socket);
  return 0;
}

/* ---- someone at the socket ---- */

static int come(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strcpy(a.sun_path, w.socket);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

static struct hash digest_of(const char *name) {
  struct buf b = {0};
  assert_int_equal(folder_read(w.folder, name, 65536, &b), OK);
  struct hash h = hash_of(buf_bytes(&b));
  buf_release(&b);
  return h;
}

static bool try_say(int fd, char want, struct hash file) {
  uint8_t request[AGENT_REQUEST_SIZE] = {1, (uint8_t)want};
  memcpy(request + 2, file.at, HASH_SIZE);
  return send(fd, request, sizeof request, MSG_NOSIGNAL) == sizeof request;
}

static void say(int fd, char want, struct hash file) {
  assert_true(try_say(fd, want, file));
}

/* How many bytes came: 0 the connection was closed, -1 nothing yet. */
static ssize_t hear(int fd, uint8_t *answer) {
  return recv(fd, answer, AGENT_ANSWER_SIZE, MSG_DONTWAIT | MSG_TRUNC);
}

/* One connection is taken in by one step and served by the next. */
static bool two_steps(void) {
  return agent_step(w.agent, 0) && agent_step(w.agent, 0);
}

static bool is_key(const uint8_t *answer, const struct key *wanted) {
  struct key *k = NULL;
  struct hash a = key_id(wanted), b = {0};
  if (answer[0] == 0 && key_import_unlocked(answer + 1, &k) == OK)
    b = key_id(k);
  key_free(k);
  return hash_equal(&a, &b);
}

static bool is_wiped(void) {
  static const struct agent_keys zeros;
  return memcmp(w.keys, &zeros, sizeof zeros) == 0;
}

static bool has_file(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

/* A key comes, and the right one. */
static void check_gives(const char *name, const struct key *wanted) {
  uint8_t answer[AGENT_ANSWER_SIZE];
  int fd = come();
  say(fd, 'k', digest_of(name));
  assert_true(two_steps());
  assert_int_equal(hear(fd, answer), AGENT_ANSWER_SIZE);
  assert_true(is_key(answer, wanted));
  assert_int_equal(hear(fd, answer), 0);
  close(fd);
}

/* Someone asks after something happened: no answer, the keys are wiped, the socket is gone if it was ours. */
static void check_ends(const char *what, int fd, bool is_ours) {
  uint8_t answer[AGENT_ANSWER_SIZE];
  if (agent_step(w.agent, 0))
    fail_msg("%s: it goes on", what);
  if (!is_wiped())
    fail_msg("%s: the keys are not wiped", what);
  if (is_ours && has_file(w.socket))
    fail_msg("%s: the socket is left", what);
  if (hear(fd, answer) > 0)
    fail_msg("%s: there was an answer", what);
  close(fd);
}

/* ---- tests ---- */

static void test_hands_keys_over(void **state) {
  static const uint8_t none[KEY_SECRET_SIZE];
  uint8_t secret[KEY_SECRET_SIZE], order[KEY_SECRET_SIZE], one[KEY_SECRET_SIZE] = {[KEY_SECRET_SIZE - 1] = 1};
  struct key *again = NULL, *public = NULL;
  struct buf signature = {0};
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct key *k = key_new();
    assert_int_equal(key_export_unlocked(k, secret), OK);
    assert_int_equal(key_import_unlocked(secret, &again), OK);
    assert_true(bytes_equal(key_spki(k), key_spki(again)));
    buf_clear(&signature);
    assert_int_equal(key_sign(again, passphrase, &signature), OK);
    assert_int_equal(key_verify(k, passphrase, buf_bytes(&signature)), OK);
    key_free(again);
    key_free(k);
  }
  /* The number 1 belongs to the curve's base point (SEC 2, secp256r1), so the order of bytes is as promised. */
  assert_int_equal(key_import_unlocked(one, &again), OK);
  assert_memory_equal(key_spki(again).at + 27, "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47", 8);
  assert_int_equal(key_from_spki(key_spki(again), &public), OK);
  assert_int_equal(key_export_unlocked(public, secret), ERR_ABSENT);
  key_free(again);
  key_free(public);
  assert_int_equal(
      text_hex_decode(bytes_str("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"), order), OK);
  assert_int_equal(key_import_unlocked(order, &again), ERR_FORM);
  assert_int_equal(key_import_unlocked(none, &again), ERR_FORM);
  order[KEY_SECRET_SIZE - 1]++;
  assert_int_equal(key_import_unlocked(order, &again), ERR_FORM);
  order[KEY_SECRET_SIZE - 1] -= 2;
  assert_int_equal(key_import_unlocked(order, &again), OK);
  key_free(again);
  buf_release(&signature);
}

static void test_reads_how_long(void **state) {
  static const struct {
    const char *typed;
    uint32_t seconds; /* 0: refused */
  } cases[] = {
      {"1s", 1},
      {"45s", 45},
      {"30m", 1800},
      {"8h", 28800},
      {"24h", 86400},
      {"1440m", 86400},
      {"86400s", 86400},
      {"", 0},
      {"h", 0},
      {"8", 0},
      {"0s", 0},
      {"0h", 0},
      {"25h", 0},
      {"1441m", 0},
      {"86401s", 0},
      {"-1h", 0},
      {"+1h", 0},
      {"1.5h", 0},
      {" 8h", 0},
      {"8h ", 0},
      {"8 h", 0},
      {"8H", 0},
      {"1d", 0},
      {"1h30m", 0},
      {"08h", 0},
      {"0x1h", 0},
      {"71582789m", 0},
      {"9007199254740991s", 0},
      {"18446744073709551617s", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t seconds = 0;
    enum err e = agent_parse_for(cases[i].typed, &seconds);
    if (seconds != cases[i].seconds || e != (cases[i].seconds ? OK : ERR_USAGE))
      fail_msg("\"%s\" gives %u", cases[i].typed, seconds);
  }
}

static void test_loads_what_the_passphrase_opens(void **state) {
  struct agent_keys *keys = NULL;
  (void)state;
  assert_int_equal(agent_keys_load(w.folder, bytes_str("wrong horse"), &keys), ERR_PASSPHRASE);
  assert_null(keys);
  assert_int_equal(agent_keys_load("/nowhere", passphrase, &keys), ERR_IO);
  assert_null(keys);
}

static void test_gives_the_keys_of_the_files(void **state) {
  struct stat st;
  (void)state;
  assert_int_equal(lstat(w.socket, &st), 0);
  assert_int_equal(st.st_mode, S_IFSOCK | 0600);
  for (int i = 0; i < 3; i++) {
    check_gives(HOME_PERSON_KEY, w.person);
    check_gives(HOME_SEAL_KEY, w.seal);
    check_gives(HOME_REPLICA_KEY, w.replica);
  }
}

static void test_says_nothing_to_garbage(void **state) {
  static const struct {
    const char *what;
    uint8_t version, want;
    size_t len;
  } cases[] = {
      {"nothing at all", 1, 'k', 0},
      {"one byte", 1, 'k', 1},
      {"a byte too few", 1, 'k', 33},
      {"a byte too many", 1, 'k', 35},
      {"much too much", 1, 'k', 60000},
      {"another version", 2, 'k', AGENT_REQUEST_SIZE},
      {"no version", 0, 'k', AGENT_REQUEST_SIZE},
      {"another wish", 1, 'x', AGENT_REQUEST_SIZE},
      {"a lock too short", 1, 'l', 2},
      {"a lock too long", 1, 'l', 35},
      {"a lock of another version", 0, 'l', AGENT_REQUEST_SIZE},
  };
  struct hash file = digest_of(HOME_PERSON_KEY);
  uint8_t answer[AGENT_ANSWER_SIZE], *request = mem_alloc(60000);
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int fd = come();
    request[0] = cases[i].version;
    request[1] = cases[i].want;
    memcpy(request + 2, file.at, HASH_SIZE);
    assert_int_equal(send(fd, request, cases[i].len, MSG_NOSIGNAL), cases[i].len);
    if (!two_steps() || hear(fd, answer) != 0)
      fail_msg("%s: it was answered, or it ended the agent, or it is still there", cases[i].what);
    close(fd);
  }
  free(request);
  /* A file that it does not keep, and zeros. */
  for (int i = 0; i < 2; i++) {
    int fd = come();
    say(fd, 'k', i == 0 ? hash_of(passphrase) : (struct hash){0});
    assert_true(two_steps());
    assert_int_equal(hear(fd, answer), 0);
    close(fd);
  }
  /* Someone who leaves before the answer, and before a word. */
  for (int i = 0; i < 2; i++) {
    int fd = come();
    if (i == 0)
      say(fd, 'k', file);
    close(fd);
    assert_true(two_steps());
  }
  check_gives(HOME_PERSON_KEY, w.person);
}

static void test_silent_ones_hold_nobody_up(void **state) {
  uint8_t answer[AGENT_ANSWER_SIZE];
  int silent[40];
  size_t closed = 0;
  (void)state;
  for (size_t i = 0; i < 40; i++) {
    w.time.mono_ms++;
    w.time.boot_ms++;
    silent[i] = come();
    assert_true(agent_step(w.agent, 0));
  }
  for (size_t i = 0; i < 40; i++)
    closed += hear(silent[i], answer) == 0;
  assert_in_range(closed, 1, 39);
  assert_int_equal(hear(silent[0], answer), 0);
  assert_int_equal(hear(silent[39], answer), -1);
  check_gives(HOME_PERSON_KEY, w.person);
  /* Who was there in time is heard up to the last moment, and no longer. */
  int early = come(), late = come();
  assert_true(two_steps());
  w.time.mono_ms += AGENT_WAIT_MS - 1;
  w.time.boot_ms += AGENT_WAIT_MS - 1;
  say(early, 'k', digest_of(HOME_PERSON_KEY));
  assert_true(agent_step(w.agent, 0));
  assert_int_equal(hear(early, answer), AGENT_ANSWER_SIZE);
  assert_true(is_key(answer, w.person));
  assert_int_equal(hear(late, answer), -1);
  w.time.mono_ms++;
  w.time.boot_ms++;
  assert_true(agent_step(w.agent, 0));
  assert_int_equal(hear(late, answer), 0);
  for (size_t i = 0; i < 40; i++)
    close(silent[i]);
  close(early);
  close(late);
}

static void test_lock_wipes(void **state) {
  uint8_t answer[AGENT_ANSWER_SIZE], wanted[AGENT_ANSWER_SIZE] = {0};
  int before = come(), fd = come(), after = come();
  (void)state;
  assert_false(is_wiped());
  for (int i = 0; i < 3; i++)
    assert_true(agent_step(w.agent, 0));
  say(fd, 'l', (struct hash){0});
  say(after, 'k', digest_of(HOME_PERSON_KEY));
  assert_false(agent_step(w.agent, 0));
  assert_true(is_wiped());
  assert_false(has_file(w.socket));
  assert_int_equal(hear(fd, answer), AGENT_ANSWER_SIZE);
  assert_memory_equal(answer, wanted, sizeof wanted);
  assert_int_equal(hear(after, answer), -1);
  close(before);
  close(fd);
  close(after);
}

static void move_time(int64_t boot_ms, int64_t mono_ms) {
  w.time.boot_ms += boot_ms;
  w.time.mono_ms += mono_ms;
}

static void test_ends_when_the_time_is_over(void **state) {
  (void)state;
  move_time(FOR_S * 1000 - 1, FOR_S * 1000 - 1);
  check_gives(HOME_PERSON_KEY, w.person);
  int fd = come();
  assert_true(agent_step(w.agent, 0));
  say(fd, 'k', digest_of(HOME_PERSON_KEY));
  move_time(1, 1);
  check_ends("the time is over", fd, true);
}

static void test_ends_by_itself_when_the_time_is_over(void **state) {
  (void)state;
  move_time(FOR_S * 1000, FOR_S * 1000);
  /* A step that would wait for a minute does not. */
  assert_false(agent_step(w.agent, 60000));
  assert_true(is_wiped());
}

/* Short sleeps are not seen each for itself, but add up; and they count for the time. */
static void test_ends_after_a_suspension(void **state) {
  (void)state;
  move_time(61000, 60000);
  check_gives(HOME_PERSON_KEY, w.person);
  move_time(2000, 0);
  check_gives(HOME_PERSON_KEY, w.person);
  int fd = come();
  assert_true(agent_step(w.agent, 0));
  say(fd, 'k', digest_of(HOME_PERSON_KEY));
  move_time(1, 0);
  check_ends("three seconds of sleep", fd, true);
}

static void test_ends_on_a_signal(void **state) {
  (void)state;
  int fd = come();
  assert_true(agent_step(w.agent, 0));
  say(fd, 'k', digest_of(HOME_PERSON_KEY));
  assert_int_equal(write(w.signals[1], "x", 1), 1);
  check_ends("a signal", fd, true);
}

static void remove_person_key(void) {
  char path[96];
  path_in(path, sizeof path, HOME_PERSON_KEY);
  assert_int_equal(unlink(path), 0);
}

static void change_replica_key(void) {
  char path[96];
  path_in(path, sizeof path, HOME_REPLICA_KEY);
  FILE *f = fopen(path, "r+");
  assert_int_equal(fseek(f, 100, SEEK_SET), 0);
  int c = fgetc(f);
  assert_int_equal(fseek(f, 100, SEEK_SET), 0);
  fputc(c == 'A' ? 'B' : 'A', f);
  fclose(f);
}

static void put_pipe_for_person_key(void) {
  char path[96];
  remove_person_key();
  path_in(path, sizeof path, HOME_PERSON_KEY);
  assert_int_equal(mkfifo(path, 0600), 0);
}

static void put_huge_person_key(void) {
  char path[96];
  path_in(path, sizeof path, HOME_PERSON_KEY);
  assert_int_equal(truncate(path, 1 << 20), 0);
}

static void remove_socket(void) {
  assert_int_equal(unlink(w.socket), 0);
}

static void replace_socket(void) {
  int other;
  assert_int_equal(agent_bind(w.fd, &other), OK);
  close(other);
}

static void put_file_for_socket(void) {
  remove_socket();
  write_file(AGENT_SOCKET, "a file");
}

static void test_ends_when_a_file_is_another(void **state) {
  static const struct {
    const char *what;
    void (*happens)(void);
    bool socket_is_ours;
  } cases[] = {
      {"the person's key is gone", remove_person_key, true},
      {"the replica's key has one other byte", change_replica_key, true},
      {"a pipe in place of the key", put_pipe_for_person_key, true},
      {"a key file larger than any", put_huge_person_key, true},
      {"the socket is gone", remove_socket, false},
      {"another socket", replace_socket, false},
      {"a file in place of the socket", put_file_for_socket, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_keys(NULL);
    start_agent(NULL);
    int fd = come();
    assert_true(agent_step(w.agent, 0));
    say(fd, 'k', digest_of(HOME_PERSON_KEY));
    cases[i].happens();
    check_ends(cases[i].what, fd, cases[i].socket_is_ours);
    if (!cases[i].socket_is_ours && cases[i].happens != remove_socket && !has_file(w.socket))
      fail_msg("%s: it removed what was not its own", cases[i].what);
    stop_agent(NULL);
    remove_keys(NULL);
  }
}

static void test_binds_over_a_socket_only(void **state) {
  int fd;
  (void)state;
  assert_int_equal(agent_bind(w.fd, &fd), OK);
  close(fd);
  assert_int_equal(agent_bind(w.fd, &fd), OK);
  close(fd);
  put_file_for_socket();
  assert_int_equal(agent_bind(w.fd, &fd), ERR_IO);
  assert_true(has_file(w.socket));
  remove_socket();
  assert_int_equal(symlink("/tmp", w.socket), 0);
  assert_int_equal(agent_bind(w.fd, &fd), ERR_IO);
  assert_true(has_file(w.socket));
}

/* In a child: as another user, who gets at the socket all the same. 0 if there was no answer. */
static int ask_as_nobody(char want) {
  uint8_t answer[AGENT_ANSWER_SIZE];
  struct hash file = digest_of(HOME_PERSON_KEY);
  if (seteuid(NOBODY) != 0)
    return 2;
  int fd = come();
  return try_say(fd, want, file) && recv(fd, answer, sizeof answer, 0) > 0 ? 1 : 0;
}

static void test_refuses_other_users(void **state) {
  int status;
  (void)state;
  if (geteuid() != 0) {
    print_message("only root can try another user\n");
    skip();
  }
  assert_int_equal(chmod(w.folder, 0711), 0);
  assert_int_equal(chmod(w.socket, 0666), 0);
  open_agent();
  for (const char *want = "kl"; *want; want++) {
    pid_t child = fork();
    if (child == 0)
      _exit(ask_as_nobody(*want));
    while (waitpid(child, &status, WNOHANG) == 0)
      assert_true(agent_step(w.agent, 20));
    assert_int_equal(status, 0);
  }
  check_gives(HOME_PERSON_KEY, w.person);
  assert_int_equal(chmod(w.folder, 0700), 0);
}

/* ---- the commands' side ---- */

/* An agent in a child, until it is over. */
static pid_t serve_in_child(void) {
  open_agent();
  pid_t child = fork();
  if (child == 0) {
    while (agent_step(w.agent, 1000))
      ;
    _exit(is_wiped() ? 0 : 1);
  }
  return child;
}

static void test_asks_and_locks(void **state) {
  struct key *k = NULL;
  struct hash a = key_id(w.person), b;
  bool was;
  int status;
  (void)state;
  assert_int_equal(agent_ask(w.folder, HOME_PERSON_KEY, &k), ERR_ABSENT); /* bound, and nobody listens */
  pid_t child = serve_in_child();
  assert_int_equal(agent_ask(w.folder, HOME_PERSON_KEY, &k), OK);
  b = key_id(k);
  assert_true(hash_equal(&a, &b));
  key_free(k);
  k = NULL;
  assert_int_equal(agent_ask(w.folder, "no.key", &k), ERR_ABSENT);
  assert_int_equal(agent_ask("/nowhere", HOME_PERSON_KEY, &k), ERR_ABSENT);
  assert_null(k);
  assert_int_equal(agent_lock(w.folder, &was), OK);
  assert_true(was);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(agent_ask(w.folder, HOME_PERSON_KEY, &k), ERR_ABSENT);
  assert_int_equal(agent_lock(w.folder, &was), OK);
  assert_false(was);
  assert_int_equal(agent_lock("/nowhere", &was), ERR_IO);
}

/* What answers with something else than a key is no agent. */
static void test_believes_no_garbage(void **state) {
  static const struct {
    const char *what;
    size_t len;
    uint8_t first, rest;
  } cases[] = {
      {"nothing", 0, 0, 0},
      {"too short", AGENT_ANSWER_SIZE - 1, 0, 1},
      {"too long", AGENT_ANSWER_SIZE + 1, 0, 1},
      {"another status", AGENT_ANSWER_SIZE, 1, 1},
      {"a number too large", AGENT_ANSWER_SIZE, 0, 0xff},
      {"no number", AGENT_ANSWER_SIZE, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct key *k = NULL;
    assert_int_equal(listen(w.listener, 1), 0);
    assert_int_equal(fcntl(w.listener, F_SETFL, 0), 0);
    pid_t child = fork();
    if (child == 0) {
      uint8_t answer[AGENT_ANSWER_SIZE + 1], request[64];
      memset(answer, cases[i].rest, sizeof answer);
      answer[0] = cases[i].first;
      int fd = accept(w.listener, NULL, NULL);
      ssize_t n = recv(fd, request, sizeof request, 0);
      send(fd, answer, cases[i].len, MSG_NOSIGNAL);
      _exit(n == AGENT_REQUEST_SIZE ? 0 : 1);
    }
    if (agent_ask(w.folder, HOME_PERSON_KEY, &k) != ERR_ABSENT || k != NULL)
      fail_msg("%s: it was taken for a key", cases[i].what);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
  }
}

/* One that listens under another user is not asked. */
static void test_asks_nobody_else(void **state) {
  struct key *k = NULL;
  (void)state;
  if (geteuid() != 0) {
    print_message("only root can try another user\n");
    skip();
  }
  assert_int_equal(seteuid(NOBODY), 0);
  assert_int_equal(listen(w.listener, 4), 0);
  assert_int_equal(seteuid(0), 0);
  assert_int_equal(agent_ask(w.folder, HOME_PERSON_KEY, &k), ERR_ABSENT);
  int fd = accept4(w.listener, NULL, NULL, SOCK_CLOEXEC);
  assert_true(fd >= 0);
  uint8_t request[64];
  assert_int_equal(recv(fd, request, sizeof request, 0), 0);
  close(fd);
}

int main(void) {
#define WITH(test, start) cmocka_unit_test_setup_teardown(test, start, stop_agent)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hands_keys_over),
      cmocka_unit_test(test_reads_how_long),
      cmocka_unit_test(test_loads_what_the_passphrase_opens),
      WITH(test_gives_the_keys_of_the_files, start_agent),
      WITH(test_says_nothing_to_garbage, start_agent),
      WITH(test_silent_ones_hold_nobody_up, start_agent),
      WITH(test_lock_wipes, start_agent),
      WITH(test_ends_when_the_time_is_over, start_agent),
      WITH(test_ends_by_itself_when_the_time_is_over, start_agent),
      WITH(test_ends_after_a_suspension, start_agent),
      WITH(test_ends_on_a_signal, start_agent),
      WITH(test_binds_over_a_socket_only, bind_agent),
      WITH(test_refuses_other_users, bind_agent),
      WITH(test_asks_and_locks, bind_agent),
      WITH(test_believes_no_garbage, bind_agent),
      WITH(test_asks_nobody_else, bind_agent),
  };
  const struct CMUnitTest by_case[] = {cmocka_unit_test(test_ends_when_a_file_is_another)};
  int failed = cmocka_run_group_tests_name("agent", tests, make_keys, remove_keys);
  return failed + cmocka_run_group_tests_name("agent's files", by_case, NULL, NULL);
}
