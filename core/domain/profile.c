#include "core/domain/domain.h"

#define UNITS "calendar-days|working-days|weeks|months"

/* A period: so many of a unit. */
#define PERIOD(name, least, help)                                                                                      \
  WHOLE(name, IN_CONTENT, least, help), CODE(name "-unit", IN_CONTENT, UNITS, least, 1, "counted in")
#define RULES(name, help)                                                                                              \
  { name, FIELD_TOKEN, IN_CONTENT, NULL, 0, 0, 300, help, false }

/* Settings: what differs from authority to authority and what the documents leave open (C-1 to C-14). */
const struct kind profile_kinds[] = {
    {
        .name = "profile.adopt",
        .command = "",
        .help = "a profile of rules is in force from here on",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), ANY(ROLE_KEEPER)),
        FIELDS(TOKEN("name", IN_FACT, 1, "the profile's short name"),
               TOKEN("version", IN_FACT, 1, "its version, a date as a rule"),
               CODE("quorum", IN_FACT, AGENCY_TYPES, 1, 9, "each core agency that a meeting needs (C-3)"),
               CODE("chair-agency", IN_FACT, AGENCY_TYPES, 1, 9, "each agency that may chair (R-011, C-13)"),
               TEXT("authority", IN_CONTENT, 200, 1, 1, "whose profile it is"),
               TEXT("chair-post", IN_CONTENT, 200, 0, 16, "each post that may chair (R-012, C-13)"),
               CODE("core-group-chair-agency", IN_CONTENT, AGENCY_TYPES, 1, 9,
                    "each agency that may chair a core group (R-164, C-13)"),
               PERIOD("notice", 1, "notice of a meeting to those invited (R-013, C-2)"),
               PERIOD("family-notice", 1, "notice of any meeting to the family (R-180, C-2)"),
               PERIOD("meeting-after-investigation", 1, "from the investigation to the meeting (N-22)"),
               PERIOD("reconvene", 1, "from a meeting without quorum to the next one (N-34)"),
               PERIOD("summary", 1, "from the meeting to the summary of decisions (R-148, C-5)"),
               PERIOD("minute", 1, "from the meeting to the minute (R-150)"),
               PERIOD("first-core-group", 1, "from the meeting to the first core group (R-154, C-1)"),
               PERIOD("first-core-group-early", 0, "when an early warning is given of it (C-1)"),
               PERIOD("core-group", 1, "from one core group to the next (R-170)"),
               PERIOD("review", 1, "from a meeting to the review meeting (N-45)"),
               PERIOD("pre-birth-review", 1, "from a pre-birth meeting to its review (N-50)"),
               PERIOD("transfer", 1, "from notice of a move to the transfer meeting (R-175)"),
               CODE("indicators", IN_CONTENT, "two-categories|four-areas", 1, 2,
                    "each list that a registration draws on (R-109, R-115, C-4)"),
               CODE("family-pack", IN_CONTENT, "scoped", 1, 1,
                    "what the family gets of the reports: all but what is restricted (C-6)"),
               CODE("absent-invitee-copy", IN_CONTENT, "without-restricted|none", 1, 1,
                    "the record for invitees who were not there (C-7)"),
               CODE("excluded-parent-copy", IN_CONTENT, "chair-decides|yes|no", 1, 1,
                    "the family copy for a parent who was excluded (C-8)"),
               CODE("exclusion-reason", IN_CONTENT, "may-be-restricted|open", 1, 1,
                    "how the reason for an exclusion stands in the minute (C-9)"),
               CODE("release-by", IN_CONTENT, "provider-or-designated-lead|provider", 1, 1,
                    "who releases restricted information when its provider has left (C-10)"),
               CODE("registration-by", IN_CONTENT, "chair|keeper", 1, 2, "who registers (C-11)"),
               CODE("reporter-sees-restricted", IN_CONTENT, YES_NO, 1, 1,
                    "whether the Reporter as an observer gets restricted items"),
               WHOLE("older-child", IN_CONTENT, 0, "from which age a child counts as older, where one is set (C-14)"),
               TEXT("gaps", IN_CONTENT, 1000, 0, 16,
                    "each gap of the authority's own document, and how it is read (C-12)"),
               TEXT("leaflet", IN_CONTENT, 300, 0, 16, "each place with information for families (R-073)"),
               {"holiday", FIELD_DATE, IN_CONTENT, NULL, 0, 0, 400, "each day that is no working day", false},
               RULES("hard", "each rule that refuses here"), RULES("reason", "each rule that needs a reason here"),
               RULES("remind", "each rule that only reminds here"), RULES("off", "each rule that does not apply here")),
        .views = "profile setting",
        .project = {"INSERT INTO profile(object, number, name, authority, adopted) "
                    "VALUES(:id, :entry_number, :name, :authority, :admitted)",
                    "INSERT INTO setting(object, name, value) SELECT :id, key, value FROM json_each(:fields)"},
        .line = "authority",
    },
    {0},
};
