/* JSON, read strictly and written in one way. The owner of Jansson. Refuses duplicate keys, invalid UTF-8, U+0000,
 * anything after the value, and more than 32 levels (core/FORMAT.md section 2). */
#ifndef CAIRN_CORE_JSON_H
#define CAIRN_CORE_JSON_H

#include "core/bytes.h"

struct json; /* a value; those that a function gives out of another one are borrowed from it */

enum json_type { JSON_TEXT, JSON_WHOLE, JSON_LIST, JSON_RECORD, JSON_OTHER };

/* Reads one object. ERR_FORM with words that say where and what. */
enum err json_parse_record(struct bytes text, struct json **out);
struct json *json_new_record(void);
struct json *json_new_list(void);
void json_free(struct json *j);

enum json_type json_get_type(const struct json *j);
/* Of a JSON_TEXT. */
struct bytes json_get_text(const struct json *j);
int64_t json_get_whole(const struct json *j);
/* NULL if there is no such key. */
const struct json *json_get(const struct json *record, const char *key);
/* Walks a record in the order written: *cursor starts as NULL; false at the end. */
bool json_next(const struct json *record, void **cursor, const char **key, const struct json **value);
size_t json_count(const struct json *list);
const struct json *json_at(const struct json *list, size_t i);

/* ERR_FORM if the text is not UTF-8. */
enum err json_set_text(struct json *record, const char *key, struct bytes text);
void json_set_whole(struct json *record, const char *key, int64_t v);
/* Appends to the list under key, which is made if need be. */
enum err json_add_text(struct json *record, const char *key, struct bytes text);
/* Appends a text to a list. */
enum err json_append_text(struct json *list, struct bytes text);
/* Compact, keys sorted. */
void json_write(struct buf *b, const struct json *j);

#endif
