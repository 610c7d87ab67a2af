#include "tests/bench/meter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static atomic_uint_fast64_t passed;
static int listener;
static struct sockaddr_in beyond;

/* False at the end of what comes from there. */
static bool pass(int from, int to) {
  static char room[1 << 16];
  ssize_t n = read(from, room, sizeof room);
  for (ssize_t done = 0, sent; done < n; done += sent) {
    sent = write(to, room + done, (size_t)(n - done));
    if (sent <= 0)
      return false;
  }
  passed += n > 0 ? (uint64_t)n : 0;
  return n > 0;
}

static void pass_all(int near) {
  int far = socket(AF_INET, SOCK_STREAM, 0);
  bench_must(connect(far, (struct sockaddr *)&beyond, sizeof beyond) == 0, "connecting to the node");
  struct pollfd ends[2] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
  bool is_open = true;
  while (is_open && poll(ends, 2, -1) > 0)
    for (int i = 0; i < 2; i++)
      if (ends[i].revents)
        is_open = is_open && pass(ends[i].fd, ends[1 - i].fd);
  close(far);
  close(near);
}

static void *pass_one_after_the_other(void *of) {
  (void)of;
  for (;;)
    pass_all(accept(listener, NULL, NULL));
  return NULL;
}

uint16_t meter_start(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  pthread_t thread;
  beyond = address;
  beyond.sin_port = htons(port);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  bench_must(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, 8) == 0 &&
                 getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
                 pthread_create(&thread, NULL, pass_one_after_the_other, NULL) == 0,
             "listening");
  return ntohs(address.sin_port);
}

uint64_t meter_bytes(void) {
  return passed;
}
