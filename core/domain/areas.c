#include "core/domain/domain.h"

const struct area areas[] = {
    {"directory", directory_kinds, directory_rules},
    {"access", access_kinds, access_rules},
    {"invite", invite_kinds, invite_rules},
    {"profile", profile_kinds, NULL},
    {"record", record_kinds, record_rules},
    {"people", people_kinds, people_rules},
    {"involvement", involvement_kinds, NULL},
    {"investigation", investigation_kinds, investigation_rules},
    {"meeting", meeting_kinds, meeting_rules},
    {"invitation", invitation_kinds, invitation_rules},
    {"attendance", attendance_kinds, attendance_rules},
    {"family view", family_view_kinds, family_view_rules},
    {"document", document_kinds, document_rules},
    {"second", second_kinds, NULL},
    {"staff", staff_kinds, staff_rules},
    {"decision", decision_kinds, decision_rules},
    {"reporter", reporter_kinds, reporter_rules},
    {"register", register_kinds, register_rules},
    {"check", check_kinds, check_rules},
    {0},
};
