/* Files as a whole, for tests that put a store back to what it was. */
#ifndef CAIRN_TESTS_LIB_FILES_H
#define CAIRN_TESTS_LIB_FILES_H

/* The second becomes a copy of the first, which only its owner may read, as a store asks for; where the first is not
 * there, the second is not afterwards. No store may be open in either. Ends the program with words if it fails. */
void files_copy(const char *from, const char *to);

#endif
