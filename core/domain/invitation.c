#include "core/domain/domain.h"

/* Those whom the procedure lists as to be considered. */
#define CATEGORIES                                                                                                     \
  "child|family|support|social-work|police|foster-carer|education|health|adult-services|third-sector|housing|"         \
  "armed-forces|reporter|other"
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
#define BY_THOSE_WHO_INVITE                                                                                            \
  WRITERS(ANY(ROLE_LEAD_PROFESSIONAL), IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_CHAIR),            \
          IN("social-work", ROLE_BUSINESS_SUPPORT))

/* Who was considered, and who was invited. */
const struct kind invitation_kinds[] = {
    {
        .name = "invitee.consider",
        .help = "that it was considered to invite someone, with the outcome (R-023 to R-035)",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_INVITE,
        FIELDS(CHILDREN, MEETING, CODE("category", IN_FACT, CATEGORIES, 1, 1, "who was considered"),
               CODE("outcome", IN_FACT, "invited|not-invited", 1, 1, "with what outcome"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "the agency, where it was a certain one (R-020)"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why; of a child also what led to it (R-057)")),
        .views = "consideration",
        .project = {"INSERT INTO consideration(object, number, meeting, category, agency, outcome, reason) "
                    "VALUES(:id, :entry_number, :meeting, :category, :agency, :outcome, :reason)"},
        .line = "reason",
    },
    {
        .name = "invitation.send",
        .help = "an invitation to a meeting was sent (R-021: by the lead professional or the senior social worker, or "
                "for them; R-041)",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_INVITE,
        FIELDS(CHILDREN, MEETING, ENTRY("person", IN_REF, "person.add", 0, 1, "the practitioner who is invited"),
               ENTRY("family", IN_REF, "family.add", 0, 1, "or the member of the family (R-024, R-042)"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "or the agency of someone who does not work with Cairn"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "and that one's name"),
               CODE("basis", IN_FACT, "need-to-know|essential-to-plan|child|family|support|observer|other", 1, 1,
                    "on what ground (R-037); child: the child itself is invited (R-023)"),
               CODE("category", IN_FACT, CATEGORIES, 0, 1,
                    "as which of those to be considered, where the invitee does not say it (R-023 to R-035)"),
               CODE("channel", IN_FACT, "email|post|telephone|in-person", 1, 1, "how it was sent (R-015)"),
               CODE("secure-address", IN_FACT, "yes|no", 0, 1, "has the agency a secure e-mail address? (R-015)"),
               DATE("sent", IN_FACT, 1, "the day on which it was sent (R-013, N-31)"),
               ENTRY("sent-for", IN_REF, "person.add", 0, 1, "for whom it was sent (R-021)"),
               TEXT("needs", IN_CONTENT, 2000, 0, 1, "the support that is needed to attend (R-028)"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "of the ground \"other\": which (R-037)")),
        .views = "meeting_invitation",
        .project = {"INSERT INTO meeting_invitation(object, number, meeting, person, family, child, agency, name, "
                    "category, basis, channel, secure_address, sent, needs, reason, by) "
                    "SELECT :id, :entry_number, :meeting, :person, :family, CASE :basis WHEN 'child' THEN "
                    "(SELECT child FROM entry_child WHERE number = :entry_number) END, :agency, :name, :category, "
                    ":basis, :channel, :secure_address, :sent, :needs, :reason, :by"},
        .line = "name",
    },
    {0},
};

const struct rule invitation_rules[] = {
    {0},
};
