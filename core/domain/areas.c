#include "core/domain/domain.h"

const struct area areas[] = {
    {"directory", directory_kinds, directory_rules},
    {"access", access_kinds, access_rules},
    {"second", second_kinds, NULL},
    {"staff", staff_kinds, staff_rules},
    {"people", people_kinds, NULL},
    {"meeting", meeting_kinds, NULL},
    {"decision", decision_kinds, decision_rules},
    {"register", register_kinds, register_rules},
    {0},
};
