/* What cairn and cairnd share: the folder that keeps a store and keys (0700, its files 0600), and where passphrases
 * come from. */
#ifndef CAIRN_CLI_FOLDER_H
#define CAIRN_CLI_FOLDER_H

#include "cli/cmd.h"
#include "core/key.h"

/* Options of every command that needs a passphrase. */
#define FOLDER_PASSPHRASE_OPTS                                                                                         \
  {"passphrase-file", CMD_VALUE, "FILE", "read the passphrase from the first line of FILE (mode 600, or a pipe)"}, {   \
    "passphrase-fd", CMD_VALUE, "N", "read the passphrase from the first line of descriptor N"                         \
  }

/* The passphrase: from what an option names, else asked for without echo at the terminal (twice if is_new). 8 bytes at
 * least if is_new. ERR_USAGE if there is neither, ERR_IO, with the command that mends it, for a file that others may
 * read. The caller releases out with buf_release_secret. */
enum err folder_passphrase(const struct cmd_line *line, const char *prompt, bool is_new, struct buf *out);

/* Appends folder/name and gives the whole as a C string, valid until b changes. */
const char *folder_path(struct buf *b, const char *folder, const char *name);

/* The same for the name of a folder with something behind it, which stands beside the folder, however its name was
 * typed. */
const char *folder_beside(struct buf *b, const char *folder, const char *suffix);

/* A new folder of mode 0700. ERR_USAGE if there is something of that name. */
enum err folder_make(const char *folder);
/* ERR_ABSENT if it is not there; ERR_IO, with the command that mends it, if others may look into it. */
enum err folder_check(const char *folder);
/* Renames a finished folder into its place and syncs the one above. */
enum err folder_finish(const char *from, const char *to);
/* Gives a file of the folder another name, in place of what had it, or a second name; and syncs the folder. */
enum err folder_rename(const char *folder, const char *from, const char *to);
enum err folder_link(const char *folder, const char *from, const char *to);
/* Writes a new file of mode 0600 and syncs it. */
enum err folder_write(const char *folder, const char *name, struct bytes content);
/* A new file of mode 0600 wherever a person says, whole or not at all. ERR_USAGE if it is there already. */
enum err folder_save(const char *path, struct bytes content);
/* Appends a file's content, at most max bytes. ERR_ABSENT. */
enum err folder_read(const char *folder, const char *name, size_t max, struct buf *out);
/* Removes the folder with these files in it, as far as they are there. */
void folder_remove(const char *folder, const char *const *names);
/* Removes it with all that is in it; nothing if it is not there. Links are not followed. */
void folder_remove_all(const char *folder);

#endif
