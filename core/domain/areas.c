#include "core/domain/domain.h"

const struct area areas[] = {
    {"directory", directory_kinds, NULL},
    {"people", people_kinds, NULL},
    {"meeting", meeting_kinds, NULL},
    {"decision", decision_kinds, decision_rules},
    {"register", register_kinds, register_rules},
    {0},
};
