#include "tests/lib/stories.h"

const char people_beginning[] = "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
                                "c2 = hugh: child.add name=\"Isla Reid\" born=2019-03-01\n"
                                "c3 = hugh: child.add name=\"Ila Read\" born=2019-03-01\n"
                                "i = anna: investigation.record child=c1 outcome=meeting-required on=2026-11-01 "
                                "reasons=neglect\n";

#define PLAN "safety-plan.record child=c1 on=2026-11-01 action=\"seen every day\" "
#define WHOLE                                                                                                          \
  "needs=neglect seen=\"at school\" monitoring=daily signal=call contact=\"Anna 0141\" agreed=mother shared=health "
#define DELAY                                                                                                          \
  "meeting.delay child=c1 investigation=i safety-plan=p until=2026-12-20 satisfied=in-place satisfied=shared "         \
  "satisfied=effective manager=\"Head of Service\" reason=\"mother in hospital\""

/* A meeting about the second record. */
#define TWIN_MEETING                                                                                                   \
  "m = anna: meeting.convene child=c2 type=initial on=2026-12-01T10:00:00Z chair=chair investigation=i\n"
#define JOINED "anna: child.same child=c1 child=c2 reason=x\n"

const struct rule_story people_stories[] = {
    {"K-020", "two records of one child", "anna: child.same child=c1 child=c2 reason=\"same CHI\""},
    {"K-020", "told apart and then joined",
     "anna: child.distinct child=c1 child=c2 reason=cousins\n"
     "keeper: child.same child=c1 child=c2 reason=x => K-020"},
    {"K-020", "joined and then told apart",
     "anna: child.same child=c1 child=c2 reason=x\n"
     "keeper: child.distinct child=c1 child=c2 reason=cousins => K-020"},
    {"K-020", "a statement takes back an earlier one",
     "s = anna: child.same child=c1 child=c2 reason=x\n"
     "d = keeper: child.distinct child=c1 child=c2 reason=cousins instead=s\n"
     "keeper: child.same child=c1 child=c2 reason=\"no cousins\" instead=d"},
    {"K-020", "a statement that was taken back is not enough to take back",
     "s = anna: child.same child=c1 child=c2 reason=x\n"
     "d = keeper: child.distinct child=c1 child=c2 reason=cousins instead=s\n"
     "keeper: child.same child=c1 child=c2 reason=\"no cousins\" instead=s => K-020"},
    {"K-020", "what was voided contradicts nothing",
     "s = anna: child.same child=c1 child=c2 reason=x\n"
     "anna: entry.void entry=s reason=mistyped\n"
     "keeper: child.distinct child=c1 child=c2 reason=cousins"},
    {"K-020", "nobody is told apart whom others join",
     "anna: child.same child=c1 child=c2 reason=x\n"
     "anna: child.same child=c2 child=c3 reason=x\n"
     "anna: child.distinct child=c1 child=c3 reason=x => K-020"},
    {"K-020", "nobody is joined through others who was told apart",
     "anna: child.distinct child=c1 child=c3 reason=x\n"
     "anna: child.same child=c1 child=c2 reason=x\n"
     "anna: child.same child=c2 child=c3 reason=x => K-020"},
    {"K-020", "joined in a circle",
     "anna: child.same child=c1 child=c2 reason=x\n"
     "anna: child.same child=c2 child=c3 reason=x\n"
     "anna: child.same child=c1 child=c3 reason=x"},
    {"K-020", "what is taken back was about the same two",
     "s = anna: child.same child=c1 child=c2 reason=x\n"
     "anna: child.distinct child=c1 child=c3 instead=s reason=x => reference"},
    {"N-25", "a whole plan", "p = anna: " PLAN WHOLE "\nanna: " DELAY},
    {"N-25", "a plan without the rest", "p = anna: " PLAN "\nanna: " DELAY " => N-25"},
    {"N-25", "a plan that was completed",
     "p = anna: " PLAN "\nanna: safety-plan.change child=c1 safety-plan=p " WHOLE "\nanna: " DELAY},
    {"N-25", "a plan that holds until the day", "p = anna: " PLAN WHOLE "until=2026-12-20\nanna: " DELAY},
    {"N-25", "a plan that ends before", "p = anna: " PLAN WHOLE "until=2026-12-19\nanna: " DELAY " => N-25"},
    {"N-25", "whom to turn to was taken out",
     "p = anna: " PLAN WHOLE "\nanna: safety-plan.change child=c1 safety-plan=p clear=contact\nanna: " DELAY
     " => N-25"},
    {"N-25", "a plan that counts no more",
     "p = anna: " PLAN WHOLE "\nanna: entry.void entry=p reason=x\nanna: " DELAY " => N-25"},
    {"N-25", "the manager was not satisfied of everything",
     "p = anna: " PLAN WHOLE "\nanna: meeting.delay child=c1 investigation=i safety-plan=p until=2026-12-20 "
     "satisfied=in-place satisfied=shared manager=x reason=x => fields"},
    {"K-016", "a keeper does not involve their own agency",
     "admin: role.give person=hugh role=keeper from=2026-11-01\n"
     "hugh: involvement.start child=c2 agency=health => K-016"},
    {"K-016", "but another one",
     "admin: role.give person=hugh role=keeper from=2026-11-01\n"
     "hugh: involvement.start child=c2 agency=police"},
    {"K-017", "who is involved is voided by social work",
     "i = anna: involvement.start child=c1 agency=health\nanna: entry.void entry=i reason=x"},
    {"K-017", "and by nobody else",
     "i = anna: involvement.start child=c1 agency=health\nadmin: role.give person=hugh role=keeper from=2026-11-01\n"
     "hugh: entry.void entry=i reason=x => K-017"},
    {"K-018", "an end is not erased before what it ended",
     "i = anna: involvement.start child=c1 agency=police\ne = anna: involvement.end child=c1 involvement=i reason=x\n"
     "keeper: entry.erase entry=e ground=other reason=x => K-018"},
    {"K-018", "and after it",
     "i = anna: involvement.start child=c1 agency=police\ne = anna: involvement.end child=c1 involvement=i reason=x\n"
     "keeper: entry.erase entry=i ground=other reason=x\nkeeper: entry.erase entry=e ground=other reason=x"},
    {"K-016", "social work may", "anna: involvement.start child=c1 agency=social-work"},
    {"R-001", "the investigation was about another record of the child",
     TWIN_MEETING "check m R-001 broken\n" JOINED "check m R-001 met"},
    {"R-020", "an agency works with the child under another record",
     TWIN_MEETING "anna: involvement.start child=c1 agency=housing\ncheck m R-020 met\n" JOINED "check m R-020 open"},
    {"R-027", "the police work with the child under another record",
     TWIN_MEETING "anna: involvement.start child=c1 agency=police continuing=yes\n"
                  "anna: invitee.consider child=c2 meeting=m category=police outcome=not-invited reason=x\n"
                  "check m R-027 met\n" JOINED "check m R-027 open"},
    {"R-034", "another record says that there is a service connection",
     TWIN_MEETING "anna: child.change child=c1 service-connection=yes\ncheck m R-034 na\n" JOINED "check m R-034 open"},
    {0},
};
