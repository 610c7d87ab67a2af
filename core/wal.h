/* How SQLite writes its write-ahead log: a page of it is two small writes, a commit some forty, and each of them costs
 * more than the bytes do. Between SQLite and the disk, writes that join each other are gathered and written as one.
 * Promises nothing earlier and nothing later than SQLite does: what is gathered is written before the log is synced,
 * read, measured, cut or closed, and a commit syncs it. A write that fails is told to whichever of these comes next.
 * Only logs: a database's own file is written as before. */
#ifndef CAIRN_CORE_WAL_H
#define CAIRN_CORE_WAL_H

/* The name of the VFS to open databases with, which passes all else on to what is SQLite's default when it is first
 * called. */
const char *wal_vfs(void);

#endif
