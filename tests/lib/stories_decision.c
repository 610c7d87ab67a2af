#include "tests/lib/stories.h"

const char decision_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Finn Reid\" born=2021-07-09\n"
    "m1 = anna: meeting.convene child=c1 child=c2 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
    "m2 = anna: meeting.convene child=c1 type=review on=2027-03-01T10:00:00Z chair=chair\n" NO_INVESTIGATION(
        "child=c1 child=c2", "m1") HEARD("child=c1 child=c2", "m1") CHILD_CONSIDERED("c1", "m1")
        CHILD_CONSIDERED("c2", "m1");

#define PLAN "decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x "
#define NO_PLAN(child) "chair: decision.record child=" child " meeting=m1 risk=no plan=no reasons=x\n"
#define REGISTERED                                                                                                     \
  "+ registration.add child=c1 decision=@1 name=\"Isla Reid\" impact=neglect "                                         \
  "+ indicator.record child=c1 registration=@2 category=impact indicator=neglect evidence=x "
#define REGISTERED_WITH(more) "d, r = chair: " PLAN more " " REGISTERED "\n"
#define CONSIDERED                                                                                                     \
  "chair: reporter.consider child=c1 meeting=m1 outcome=already-done + "                                               \
  "reporter.consider child=c2 meeting=m1 outcome=already-done\n"
#define CLOSE "chair: meeting.close child=c1 child=c2 meeting=m1 quorate=yes"
#define THERE(who, more)                                                                                               \
  "anna: attendance.record child=c1 child=c2 meeting=m1 person=" who                                                   \
  " role=agency-participant attended=all basis=need-to-know " more "\n"
#define VIEWS(child) "hugh: view.record child=" child " meeting=m1 risk=high plan=yes register=yes\n"
#define HUGH                                                                                                           \
  "anna: invitation.send child=c1 child=c2 meeting=m1 person=hugh basis=need-to-know channel=post sent=2026-11-20\n"
#define DISSENT "dissent.record child=c1 decision=d about=registration nature=\"Hugh would wait\""

const struct rule_story decision_stories[] = {
    {"R-006", "the first answer is missing", "chair: decision.record child=c1 meeting=m1 plan=no reasons=x => R-006"},
    {"R-006", "both answers are there", NO_PLAN("c1")},
    {"R-006", "of two children one waits for its decision", NO_PLAN("c1") "check m1 R-006 open"},
    {"R-006", "a meeting is not closed before it has decided about each", NO_PLAN("c1") CONSIDERED CLOSE " => R-006"},
    {"R-006", "each has its decision", NO_PLAN("c1") NO_PLAN("c2") "check m1 R-006 met\n" CONSIDERED CLOSE},
    {"R-007", "the answer is missing", "chair: decision.record child=c1 meeting=m1 risk=yes reasons=x => R-007"},
    {"R-007", "the answer is there", NO_PLAN("c1")},
    {"R-008", "a plan without registration", "chair: " PLAN "=> R-008"},
    {"R-008", "a plan and the registration in one act", "chair: " PLAN REGISTERED},
    {"R-008", "on the register already, and not continued", "chair: " PLAN REGISTERED "\nchair: " PLAN "=> R-008"},
    {"R-008", "on the register already, and continued",
     "d, r = chair: " PLAN REGISTERED "\n"
     "chair: decision.record child=c1 meeting=m2 risk=yes plan=yes reasons=x + registration.continue child=c1 "
     "registration=r decision=@1"},
    {"R-106", "another chair decides",
     "other-chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x => R-106"},
    {"R-106", "the meeting's chair decides", NO_PLAN("c1")},
    {"R-107", "not all agree, and there is no analysis",
     "chair: decision.record child=c1 meeting=m1 risk=no plan=no consensus=no reasons=x => R-107"},
    {"R-107", "not all agree, and there is one",
     "chair: decision.record child=c1 meeting=m1 risk=no plan=no consensus=no reasons=x analysis=x"},
    {"R-107", "all agree", "chair: decision.record child=c1 meeting=m1 risk=no plan=no consensus=yes reasons=x"},
    {"R-107", "the chair goes on with a reason",
     "chair: check.override child=c1 meeting=m1 rule=R-107 reason=urgent + "
     "decision.record child=c1 meeting=m1 risk=no plan=no consensus=no reasons=x"},
    {"R-108", "not all agree, and nobody disagrees",
     "chair: decision.record child=c1 meeting=m1 risk=no plan=no consensus=no reasons=x analysis=x\n" NO_PLAN("c2")
         CONSIDERED "check m1 R-108 open\n" CLOSE " => R-108"},
    {"R-108", "not all agree, and it is recorded who does not",
     "d = chair: decision.record child=c1 meeting=m1 risk=no plan=no consensus=no reasons=x analysis=x\n" NO_PLAN("c2")
         CONSIDERED HUGH "hugh: " DISSENT "\n" CLOSE},
    {"N-46", "a name is added and stays although somebody does not agree",
     REGISTERED_WITH("consensus=no analysis=x") NO_PLAN("c2") CONSIDERED HUGH
     "hugh: " DISSENT "\n"
     "minute: " DISSENT " person=pete\ncheck m1 N-46 met\n" CLOSE
     "\nkeeper: registration.amend child=c1 registration=r address=\"2 Mill Lane\""},
    {"N-46", "a name that was taken off because somebody does not agree",
     REGISTERED_WITH("consensus=no analysis=x") HUGH "hugh: " DISSENT "\n"
                                                     "keeper: entry.void child=c1 entry=r reason=\"Hugh does not "
                                                     "agree\"\ncheck m1 N-46 broken"},
    {"R-102", "a view is missing",
     HUGH NO_PLAN("c1") NO_PLAN("c2") CONSIDERED THERE("hugh", "significant=yes") "check m1 R-102 open\n" VIEWS(
         "c1") "check m1 R-102 open\n" CLOSE " => R-102"},
    {"R-102", "each view is there",
     HUGH NO_PLAN("c1") NO_PLAN("c2") CONSIDERED THERE("hugh", "significant=yes") VIEWS("c1")
         VIEWS("c2") "check m1 R-102 met\n" CLOSE},
    {"R-102", "a view is missing, and it is said why",
     NO_PLAN("c1") NO_PLAN("c2") CONSIDERED THERE(
         "hugh", "significant=yes") "chair: check.explain child=c1 child=c2 meeting=m1 rule=R-102 reason=x + "
                                    "check.explain child=c1 child=c2 meeting=m1 rule=R-103 reason=x + "
                                    "check.explain child=c1 child=c2 meeting=m1 rule=R-104 reason=x\n" CLOSE
                                    "\ncheck m1 R-102 explained"},
    {"R-103", "a view is missing", THERE("hugh", "significant=yes") "check m1 R-103 open"},
    {"R-103", "nobody with significant involvement was there",
     THERE("hugh", "significant=no") THERE("pete", "") "check m1 R-103 met"},
    {"R-104", "a view is missing", HUGH THERE("hugh", "significant=yes") VIEWS("c2") "check m1 R-104 open"},
    {"R-104", "each view is there", HUGH THERE("hugh", "significant=yes") VIEWS("c1") VIEWS("c2") "check m1 R-104 met"},
    {"R-118", "nobody was registered", NO_PLAN("c1") "check m1 R-118 na"},
    {"R-118", "it was not explained", REGISTERED_WITH("") "check m1 R-118 open"},
    {"R-118", "it was explained", REGISTERED_WITH("explained=x") "check m1 R-118 met"},
    {"R-118", "it is confirmed",
     REGISTERED_WITH("") "chair: check.confirm child=c1 meeting=m1 rule=R-118 answer=yes\ncheck m1 R-118 met"},
    {"R-119", "not said", REGISTERED_WITH("") "check m1 R-119 open"},
    {"R-119", "said", REGISTERED_WITH("changes=x") "check m1 R-119 met"},
    {"R-120", "not said", REGISTERED_WITH("") "check m1 R-120 open"},
    {"R-120", "said", REGISTERED_WITH("interpreter=x") "check m1 R-120 met"},
    {"R-121", "not said", REGISTERED_WITH("") "check m1 R-121 open"},
    {"R-121", "said", REGISTERED_WITH("strengths=x") "check m1 R-121 met"},
    {"R-122", "not said", REGISTERED_WITH("") "check m1 R-122 open"},
    {"R-122", "said", REGISTERED_WITH("tool=x") "check m1 R-122 met"},
    {0},
};
