#include "tests/lib/stories.h"

const char reporter_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
    "chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x\n" NO_INVESTIGATION("child=c1", "m1")
        HEARD("child=c1", "m1") CHILD_CONSIDERED("c1", "m1") "on 2026-12-01T12:00:00Z\n";

#define REFER "f = chair: reporter.consider child=c1 meeting=m1 outcome=refer ground=protection ground=treatment\n"
#define CLOSE "chair: meeting.close child=c1 meeting=m1 quorate=yes"
#define SENT(day, more) "anna: reporter.refer child=c1 consideration=f sent=" day " reason=x " more "\n"

const struct rule_story reporter_stories[] = {
    {"R-127", "it was not considered", "check m1 R-127 open\n" CLOSE " => R-127"},
    {"R-127", "it was, and nobody says why it is not necessary",
     "chair: reporter.consider child=c1 meeting=m1 outcome=not-necessary\n" CLOSE " => R-127"},
    {"R-127", "it was, and is not necessary",
     "chair: reporter.consider child=c1 meeting=m1 outcome=not-necessary reason=x\ncheck m1 R-127 met\n" CLOSE},
    {"R-127", "it was done before", "chair: reporter.consider child=c1 meeting=m1 outcome=already-done\n" CLOSE},
    {"R-129", "not sent yet", REFER "check m1 R-129 open"},
    {"R-129", "not sent by the next day", REFER "on 2026-12-02T00:00:00Z\ncheck m1 R-129 broken"},
    {"R-129", "sent a day late", REFER "on 2026-12-02T09:00:00Z\n" SENT("2026-12-02", "") "check m1 R-129 broken"},
    {"R-129", "sent at once", REFER SENT("2026-12-01", "") "on 2026-12-09T09:00:00Z\ncheck m1 R-129 met"},
    {"R-129", "sent late, and it is said why",
     REFER SENT("2026-12-02",
                "") "chair: check.explain child=c1 meeting=m1 rule=R-129 reason=x\ncheck m1 R-129 explained"},
    {"R-129", "not necessary",
     "chair: reporter.consider child=c1 meeting=m1 outcome=not-necessary reason=x\ncheck m1 R-129 met"},
    {"R-130", "no referral", REFER "check m1 R-130 na"},
    {"R-130", "not said what it includes", REFER SENT("2026-12-01", "") "check m1 R-130 open"},
    {"R-130", "said what it includes", REFER SENT("2026-12-01", "information=x") "check m1 R-130 met"},
    {"R-132", "without the plan",
     REFER SENT("2026-12-01", "plan=no assessment=yes") "check m1 R-132 open\n" CLOSE " => R-132"},
    {"R-132", "without the assessment, and it is said why",
     REFER SENT("2026-12-01", "plan=yes assessment=no why-not=x") "check m1 R-132 met\n" CLOSE},
    {"R-132", "with both", REFER SENT("2026-12-01", "plan=yes assessment=yes") CLOSE},
    {0},
};
