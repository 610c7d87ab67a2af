#include "audit/detour.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *detour_words(enum detour d) {
  static const char *const words[] = {
#define X(name, words) words,
      DETOURS(X)
#undef X
  };
  return words[d];
}

/* A name too long to be looked at counts as there. */
static bool exists(const char *folder, const char *name) {
  char path[PATH_MAX];
  struct stat st;
  int n = snprintf(path, sizeof path, "%s/%s", folder, name);
  return n < 0 || (size_t)n >= sizeof path || lstat(path, &st) == 0;
}

static bool has_loose_replacement(const char *folder) {
  char path[PATH_MAX];
  bool found = false;
  if (snprintf(path, sizeof path, "%s/refs/replace", folder) >= (int)sizeof path)
    return true;
  DIR *d = opendir(path);
  for (const struct dirent *e; d && !found && (e = readdir(d));)
    found = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  if (d)
    closedir(d);
  return found;
}

/* Each line of packed-refs is an id, a space and the reference's name. */
static bool has_packed_replacement(const char *folder) {
  char path[PATH_MAX], line[PATH_MAX];
  bool found = false;
  if (snprintf(path, sizeof path, "%s/packed-refs", folder) >= (int)sizeof path)
    return true;
  FILE *f = fopen(path, "re");
  while (f && !found && fgets(line, sizeof line, f))
    found = strstr(line, " refs/replace/") != NULL;
  if (f)
    fclose(f);
  return found;
}

static bool is_in(const char *folder, enum detour d) {
  switch (d) {
  case DETOUR_REPLACE: return has_loose_replacement(folder) || has_packed_replacement(folder);
  case DETOUR_GRAFT: return exists(folder, "info/grafts");
  case DETOUR_SHALLOW: return exists(folder, "shallow");
  case DETOUR_ALTERNATES:
    return exists(folder, "objects/info/alternates") || exists(folder, "objects/info/http-alternates") ||
           exists(folder, "commondir");
  case DETOUR_COUNT: break;
  }
  return false;
}

/* A file in the place of that folder names another one, where all would be read. */
static bool is_elsewhere(const char *inside) {
  struct stat st;
  return lstat(inside, &st) == 0 && (stat(inside, &st) != 0 || !S_ISDIR(st.st_mode));
}

bool detour_is_there(const char *repository, enum detour d) {
  const char *path = strncmp(repository, "file://", 7) == 0 ? repository + 7 : repository;
  char inside[PATH_MAX];
  if (snprintf(inside, sizeof inside, "%s/.git", path) >= (int)sizeof inside)
    return true;
  return is_in(path, d) || is_in(inside, d) || (d == DETOUR_ALTERNATES && is_elsewhere(inside));
}
