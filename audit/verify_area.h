/* Bytes of the verifier that grow with the ledger: in memory while they are few, and beyond that in a file without a
 * name, of which memory holds a few windows at a time. So a ledger of any size takes the same memory, and none of it
 * is forgotten. Where there is no folder, or no room in it, they stay in memory. */
#ifndef CAIRN_AUDIT_VERIFY_AREA_H
#define CAIRN_AUDIT_VERIFY_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much as Linux maps around a page that is read, so that what is held is known. */
#define VAREA_WINDOW_BITS 16
#define VAREA_WINDOWS_MAX 16               /* of all areas of a verification together: 1 MiB */
#define VAREA_MEMORY_MAX ((size_t)1 << 16) /* of one area before it goes into a file */

struct varea;

/* The areas of one verification. Zeroed, there is no folder. Outlives its areas. */
struct vscratch {
  const char *folder; /* owned by the verification; NULL: none */
  size_t window_count;
  struct varea *areas; /* those in files */
};

/* Zeroed but for the scratch, it is empty; its own address must not change while it is not. */
struct varea {
  struct vscratch *scratch; /* NULL: memory alone */
  uint8_t *at;
  size_t size;
  uint8_t *met; /* a bit for each window that was met since all were let go; NULL: the area is in memory */
  int fd;
  struct varea *next;
};

/* Moves the area, keeps what is in it, and makes zeros of what is new. Ends the program if there is no memory. */
void varea_grow(struct varea *a, size_t size);
void varea_release(struct varea *a);
void varea_meet(const struct varea *a, size_t offset);

/* What is got stays good until the area grows, however many windows are met. */
static inline void *varea_at(const struct varea *a, size_t offset) {
  if (a->met)
    varea_meet(a, offset);
  return a->at + offset;
}

#endif
