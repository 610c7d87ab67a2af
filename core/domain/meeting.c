#include "core/domain/domain.h"

const struct kind meeting_kinds[] = {
    {
        .name = "meeting.convene",
        .help = "a Child Protection Planning Meeting is convened (R-010: by social work)",
        .audience = AUDIENCE_CASE,
        WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),
                IN("social-work", ROLE_CHAIR)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about"),
               CODE("type", IN_FACT, "initial|review|pre-birth|transfer", 1, 1, "what sort of meeting"),
               TIME("on", IN_FACT, 1, "when it is held"), ENTRY("chair", IN_REF, "person.add", 1, 1, "who chairs it"),
               TEXT("place", IN_CONTENT, 300, 0, 1, "where it is held"),
               TEXT("purpose", IN_CONTENT, 2000, 0, 1, "why it is convened")),
        .views = "meeting",
        .project = {"INSERT INTO meeting(object, number, type, held_on, chair, place, purpose) "
                    "VALUES(:id, :entry_number, :type, :on, :chair, :place, :purpose)"},
        .line = "purpose",
    },
    {
        .name = "view.record",
        .help = "a participant's view on risk, plan and registration (R-102 to R-104)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),
               TEXT("risk", IN_CONTENT, 4000, 1, 1, "view on the level of risk"),
               CODE("plan", IN_CONTENT, "yes|no|unsure", 1, 1, "is a Child Protection Plan needed?"),
               CODE("register", IN_CONTENT, "yes|no|unsure", 1, 1, "should the name be placed on the register?")),
        .views = "participant_view",
        .project = {"INSERT INTO participant_view(object, number, child, meeting, risk, plan, register, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :plan, :register, :by)"},
        .line = "risk",
    },
    {0},
};
