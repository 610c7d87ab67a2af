#include "audit/verify_area.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/verify_parts.h"

/* ---- what memory holds of the files ---- */

static size_t window_of(const struct varea *a, size_t offset) {
  uintptr_t first = (uintptr_t)a->at >> VAREA_WINDOW_BITS;
  return (size_t)((((uintptr_t)a->at + offset) >> VAREA_WINDOW_BITS) - first);
}

static size_t met_size(const struct varea *a) {
  return window_of(a, a->size) / 8 + 1;
}

/* The pages of a shared mapping are still the file's, and come back when they are needed. */
static void let_go(struct vscratch *s) {
  for (struct varea *a = s->areas; a; a = a->next) {
    madvise(a->at, a->size, MADV_DONTNEED);
    memset(a->met, 0, met_size(a));
  }
  s->window_count = 0;
}

void varea_meet(const struct varea *a, size_t offset) {
  size_t w = window_of(a, offset);
  if (a->met[w / 8] >> (w % 8) & 1)
    return;
  if (a->scratch->window_count == VAREA_WINDOWS_MAX)
    let_go(a->scratch);
  a->met[w / 8] |= (uint8_t)(1u << (w % 8));
  a->scratch->window_count++;
}

/* ---- files ---- */

static int open_nameless(const char *folder) {
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/.verify-XXXXXX", folder);
  int fd = n > 0 && (size_t)n < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
  if (fd >= 0)
    unlink(path);
  return fd;
}

/* Room is taken beforehand: where the disk is full, writing to the mapping would end the program. */
static bool map_file(struct varea *a, size_t size) {
  if (posix_fallocate(a->fd, 0, (off_t)size) != 0)
    return false;
  void *at = a->met ? mremap(a->at, a->size, size, MREMAP_MAYMOVE)
                    : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
  if (at == MAP_FAILED)
    return false;
  if (a->met == NULL && a->size)
    memcpy(at, a->at, a->size);
  if (a->met == NULL)
    free(a->at);
  a->at = at;
  a->size = size;
  return true;
}

static void make_met(struct varea *a) {
  free(a->met);
  a->met = vtext_alloc(met_size(a));
}

static bool move_to_file(struct varea *a, size_t size) {
  a->fd = open_nameless(a->scratch->folder);
  if (a->fd < 0)
    return false;
  if (!map_file(a, size)) {
    close(a->fd);
    return false;
  }
  make_met(a);
  a->next = a->scratch->areas;
  a->scratch->areas = a;
  return true;
}

static void leave_list(struct varea *a) {
  struct varea **p = &a->scratch->areas;
  while (*p && *p != a)
    p = &(*p)->next;
  if (*p)
    *p = a->next;
}

/* ---- memory ---- */

static void grow_in_memory(struct varea *a, size_t size) {
  uint8_t *at = realloc(a->at, size);
  if (at == NULL)
    abort(); /* out of memory */
  memset(at + a->size, 0, size - a->size);
  a->at = at;
  a->size = size;
}

static void move_to_memory(struct varea *a) {
  uint8_t *at = vtext_alloc(a->size);
  memcpy(at, a->at, a->size);
  size_t size = a->size;
  struct vscratch *s = a->scratch;
  varea_release(a);
  *a = (struct varea){.scratch = s, .at = at, .size = size};
}

void varea_grow(struct varea *a, size_t size) {
  if (a->met) {
    let_go(a->scratch);
    if (map_file(a, size)) {
      make_met(a);
      return;
    }
    move_to_memory(a);
    grow_in_memory(a, size);
    return;
  }
  bool is_large = a->scratch && a->scratch->folder && size > VAREA_MEMORY_MAX;
  if (!is_large || !move_to_file(a, size))
    grow_in_memory(a, size);
}

void varea_release(struct varea *a) {
  if (a->met) {
    leave_list(a);
    munmap(a->at, a->size);
    close(a->fd);
    free(a->met);
  } else {
    free(a->at);
  }
  *a = (struct varea){.scratch = a->scratch};
}
