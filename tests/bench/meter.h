/* A wire with a counter: passes on what comes on a port of its own to another one of this computer, and counts the
 * bytes of both directions: HTTP inside TLS records, handshakes and all, without the headers of TCP and IP. */
#ifndef CAIRN_TESTS_BENCH_METER_H
#define CAIRN_TESTS_BENCH_METER_H

#include <stdint.h>

/* In a thread of its own, until the process ends. The port to connect to. */
uint16_t meter_start(uint16_t port);
/* So far. */
uint64_t meter_bytes(void);

#endif
