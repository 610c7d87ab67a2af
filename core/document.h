/* Documents that are files (document.add, document.file). */
#ifndef CAIRN_CORE_DOCUMENT_H
#define CAIRN_CORE_DOCUMENT_H

#include "core/store.h"

/* The media types that a document's file may have, joined by |. None of them is opened by Cairn. */
#define DOCUMENT_MEDIA                                                                                                 \
  "application/pdf|image/jpeg|image/png|text/plain|"                                                                   \
  "application/vnd.oasis.opendocument.text|application/vnd.openxmlformats-officedocument.wordprocessingml.document"

/* The media type that goes with the ending of a file's name; NULL for any other. */
const char *document_media(const char *file_name);
/* The entry with the file of a document. ERR_ABSENT, in other words where only the file was erased or voided. */
enum err document_find_file(struct store *s, const struct hash *document, struct hash *out);

#endif
