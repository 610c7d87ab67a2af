/* What cannot be had for less, measured in the same run: SQLite's durable single writes, OpenSSL's and mbedTLS's own
 * P-256 verification, and a bare relay that does nothing else than to move records durably between three processes. */
#ifndef CAIRN_TESTS_BENCH_FLOOR_H
#define CAIRN_TESTS_BENCH_FLOOR_H

#include <stddef.h>

/* Rows of 400 bytes and a hash, each in a transaction of its own (WAL, synchronous=FULL), per second; in a new file in
 * the folder. */
double floor_sqlite_single(const char *folder, size_t count);
/* Verifications per second of one core. */
double floor_p256_verify(size_t count);

/* count records of 400 bytes, each with an id, from one process's table over a second one to a third one's: mutual
 * TLS 1.3, batches of 500, one P-256 signature for each, durable before it is acknowledged. Records per second of the
 * whole way; processor time of all three for each record in cpu_s_out. */
double floor_relay(const char *folder, size_t count, double *cpu_s_out);

#endif
