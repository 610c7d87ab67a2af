#include "core/domain/domain.h"

const struct area areas[] = {
    {"directory", directory_kinds, directory_rules},
    {"access", access_kinds, access_rules},
    {"invite", invite_kinds, invite_rules},
    {"profile", profile_kinds, NULL},
    {"record", record_kinds, NULL},
    {"second", second_kinds, NULL},
    {"staff", staff_kinds, staff_rules},
    {"people", people_kinds, NULL},
    {"meeting", meeting_kinds, NULL},
    {"decision", decision_kinds, decision_rules},
    {"register", register_kinds, register_rules},
    {"check", check_kinds, check_rules},
    {0},
};
