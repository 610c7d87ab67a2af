#include "tests/lib/stories.h"

const char register_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Finn Reid\" born=2021-07-09\n"
    "m1 = anna: meeting.convene child=c1 child=c2 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
    "m2 = anna: meeting.convene child=c1 type=review on=2027-03-01T10:00:00Z chair=chair\n"
    "m3 = anna: meeting.convene child=c1 type=transfer on=2027-03-01T10:00:00Z chair=chair\n" HEARD("child=c1", "m2")
        HEARD("child=c1", "m3") CHILD_CONSIDERED("c1", "m2") CHILD_CONSIDERED("c1", "m3") "on 2026-12-01T12:00:00Z\n";

#define ON(meeting, child, risk, plan)                                                                                 \
  "decision.record child=" child " meeting=" meeting " risk=" risk " plan=" plan " reasons=x "
#define PLAN ON("m1", "c1", "yes", "yes")
#define ADD(child, decision) "registration.add child=" child " decision=" decision " name=\"Isla Reid\" "
#define INDICATOR(registration, category, indicator)                                                                   \
  "indicator.record child=c1 registration=" registration " category=" category " indicator=" indicator " evidence=x "
#define WITH_NEGLECT "impact=neglect + " INDICATOR("@2", "impact", "neglect")
/* The decision d that a plan is required, and the registration r. */
#define REGISTERED "d, r = chair: " PLAN "+ " ADD("c1", "@1") WITH_NEGLECT "\n"
#define REVIEW(meeting, plan) "e = chair: " ON(meeting, "c1", "no", plan) "\n"
#define CONTINUED                                                                                                      \
  "e = chair: " ON("m2", "c1", "yes", "yes") "+ registration.continue child=c1 registration=r decision=@1\n"
#define CLOSED(meeting, quorate)                                                                                       \
  "chair: reporter.consider child=c1 meeting=" meeting " outcome=already-done + "                                      \
  "meeting.close child=c1 meeting=" meeting " quorate=" quorate " reasons=x safeguards=x early-review=2027-04-01\n"
#define REMOVE "registration.remove child=c1 registration=r decision=e "
#define REMOVED REGISTERED REVIEW("m2", "no") CLOSED("m2", "yes") "chair: " REMOVE "\n"
#define TWO                                                                                                            \
  "c3 = hugh: child.add name=\"Isla Reed\" born=2019-03-01\n"                                                          \
  "m5 = anna: meeting.convene child=c3 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
#define TWICE TWO "anna: child.same child=c1 child=c3 reason=x\n"
#define OVERRIDE(rule) "check.override child=c1 meeting=m1 rule=" rule " reason=urgent "
#define TEMPORARY "registration.temporary child=c1 name=\"Isla Reid\" authority=\"Fife Council\" "

/* A profile under which registrations draw on the four areas of concern. */
#define FOUR_AREAS                                                                                                     \
  "admin: profile.adopt name=four version=1 quorum=social-work chair-agency=social-work authority=x "                  \
  "core-group-chair-agency=social-work notice=5 notice-unit=weeks family-notice=7 family-notice-unit=weeks "           \
  "meeting-after-investigation=28 meeting-after-investigation-unit=weeks reconvene=10 reconvene-unit=weeks "           \
  "summary=1 summary-unit=weeks minute=10 minute-unit=weeks first-core-group=15 first-core-group-unit=weeks "          \
  "core-group=4 core-group-unit=weeks review=6 review-unit=months pre-birth-review=3 pre-birth-review-unit=months "    \
  "transfer=21 transfer-unit=weeks indicators=four-areas family-pack=scoped absent-invitee-copy=none "                 \
  "excluded-parent-copy=no exclusion-reason=open release-by=provider registration-by=chair "                           \
  "reporter-sees-restricted=no\n"

const struct rule_story register_stories[] = {
    {"N-03", "a decision that was voided",
     REGISTERED "keeper: entry.void entry=r reason=\"wrong file\" + entry.void entry=d reason=\"wrong file\"\n"
                "chair: " ADD("c1", "d") "impact=neglect => N-03"},
    {"N-03", "a decision that counts", REGISTERED},
    {"R-009", "no plan gives no ground",
     "d = chair: " ON("m1", "c1", "yes", "no") "\nchair: " ADD("c1", "d") "impact=neglect => R-009"},
    {"R-009", "the sibling's plan gives no ground",
     REGISTERED "chair: registration.add child=c2 decision=d name=Finn impact=neglect => R-009"},
    {"R-009", "a plan from before the name was removed gives no ground",
     REMOVED "chair: " ADD("c1", "d") "impact=neglect => R-009"},
    {"R-009", "that no plan is required continues nothing",
     REGISTERED REVIEW("m2", "no") "chair: registration.continue child=c1 registration=r decision=e => R-009"},
    {"R-009", "a plan does", REGISTERED},
    {"N-04", "no risk was found", "chair: " ON("m1", "c1", "no", "yes") "+ " ADD("c1", "@1") WITH_NEGLECT "=> N-04"},
    {"N-04", "a risk was found", REGISTERED},
    {"N-12", "a child is not registered twice",
     REGISTERED "chair: " ON("m2", "c1", "yes", "yes") "+ " ADD("c1", "@1") WITH_NEGLECT "=> N-12"},
    {"N-12", "nor by the keeper", REGISTERED "keeper: " ADD("c1", "d") "impact=neglect => N-12"},
    {"N-12", "the registration is continued", REGISTERED CONTINUED},
    {"N-12", "again after it was removed",
     REMOVED "m4 = anna: meeting.convene child=c1 type=initial on=2027-09-01T10:00:00Z chair=chair\n"
             "chair: " ON("m4", "c1", "yes", "yes") "+ " ADD("c1", "@1") WITH_NEGLECT},
    {"N-12", "a child who stays here for a time may be registered here, too",
     "keeper: " TEMPORARY "\n" REGISTERED "keeper: " TEMPORARY "=> N-12"},
    {"N-12", "nor is a child that was recorded twice",
     REGISTERED TWICE "chair: " ON("m5", "c3", "yes", "yes") "+ registration.add child=c3 decision=@1 name=Isla "
                                                             "impact=neglect => N-12"},
    {"N-12", "nor does it need to be",
     REGISTERED TWICE
     "chair: " ON("m5", "c3", "yes", "yes") "+ registration.continue child=c1 registration=r decision=@1"},
    {"R-008", "two records that are not known to be of one child are two children",
     REGISTERED TWO
     "chair: " ON("m5", "c3", "yes", "yes") "+ registration.continue child=c1 registration=r decision=@1 "
                                            "=> R-008"},
    {"R-009", "nor does the decision for another child continue anything",
     REGISTERED TWO
     "chair: " ON("m5", "c3", "yes", "yes") "+ registration.add child=c3 decision=@1 name=Isla "
                                            "impact=neglect + indicator.record child=c3 registration=@2 "
                                            "category=impact indicator=neglect evidence=x + "
                                            "registration.continue child=c1 registration=r decision=@1 => R-009"},
    {"R-113", "no amendment takes away the last one",
     REGISTERED "keeper: registration.amend child=c1 registration=r clear=impact => R-113"},
    {"R-112", "the keeper registers",
     REGISTERED "keeper: entry.void child=c1 entry=r reason=\"wrong name\"\n"
                "keeper: " ADD("c1", "d") "impact=neglect + " INDICATOR("@1", "impact", "neglect")},
    {"R-112", "another chair does not",
     REGISTERED "keeper: entry.void child=c1 entry=r reason=\"wrong name\"\n"
                "other-chair: " ADD("c1", "d") "impact=neglect + " INDICATOR("@1", "impact", "neglect") "=> R-112"},
    {"R-113", "without indicators", "chair: " PLAN "+ " ADD("c1", "@1") "=> R-113"},
    {"R-113", "with one", REGISTERED},
    {"R-113", "the chair goes on with a reason", "chair: " PLAN "+ " ADD("c1", "@1") "+ " OVERRIDE("R-113")},
    {"R-113", "the chair of no other meeting overrides",
     "chair: " PLAN "+ " ADD("c1", "@1") "+ check.override child=c1 meeting=m1 rule=R-112 reason=x => R-113"},
    {"R-109", "areas of concern where there are two categories",
     "profile north-lanarkshire\n"
     "chair: " PLAN "+ " ADD("c1", "@1") "area=neglect + " INDICATOR("@2", "area", "neglect") "=> R-109"},
    {"R-109", "the same, and it is said why",
     "profile north-lanarkshire\n"
     "chair: " PLAN "+ " ADD("c1", "@1") "area=neglect + " INDICATOR(
         "@2", "area", "neglect") "+ check.explain child=c1 meeting=m1 rule=R-109 reason=x"},
    {"R-109", "two categories where there are two categories", "profile north-lanarkshire\n" REGISTERED},
    {"R-109", "areas of concern where either will do",
     "profile national\nchair: " PLAN "+ " ADD("c1", "@1") "area=neglect + " INDICATOR("@2", "area", "neglect")},
    {"R-110", "another impact, and not which",
     "chair: " PLAN "+ " ADD("c1", "@1") "impact=other + " INDICATOR("@2", "impact", "other") "=> R-110"},
    {"R-110", "another impact, and which",
     "chair: " PLAN "+ " ADD("c1", "@1") "impact=other other=x + " INDICATOR("@2", "impact", "other")},
    {"R-110", "added later, and not which",
     REGISTERED "keeper: registration.amend child=c1 registration=r impact=other => R-110"},
    {"R-111", "another factor, and not which",
     "chair: " PLAN "+ " ADD("c1", "@1") "vulnerability=other + " INDICATOR("@2", "vulnerability", "other") "=> R-111"},
    {"R-111", "another factor, and which",
     "chair: " PLAN "+ " ADD("c1", "@1") "vulnerability=other other=x + " INDICATOR("@2", "vulnerability", "other")},
    {"R-115", "under none of the four areas",
     FOUR_AREAS "chair: " PLAN
                "+ " ADD("c1", "@1") "area=domestic-abuse + " INDICATOR("@2", "area", "domestic-abuse") "=> R-115"},
    {"R-115", "under one of them, and another area",
     FOUR_AREAS "chair: " PLAN "+ " ADD("c1", "@1") "area=domestic-abuse area=neglect + " INDICATOR(
         "@2", "area", "neglect") "+ " INDICATOR("@2", "area", "domestic-abuse")},
    {"R-115", "the same in Argyll and Bute, beside the two categories",
     "profile argyll-and-bute\n"
     "chair: " PLAN "+ " ADD("c1", "@1") WITH_NEGLECT
     "=> R-115\n"
     "chair: " PLAN "+ " ADD("c1", "@1") "area=neglect " WITH_NEGLECT "+ " INDICATOR("@2", "area", "neglect")},
    {"R-115", "asked for only where the profile has the four areas", REGISTERED},
    {"R-115", "so does the profile of Argyll and Bute, beside the two categories",
     "profile argyll-and-bute\nchair: " PLAN "+ " ADD("c1", "@1") WITH_NEGLECT "=> R-115"},
    {"R-115", "and no other that comes with the program", "profile national\nprofile north-lanarkshire\n" REGISTERED},
    {"R-109", "two categories where there are four areas",
     FOUR_AREAS "chair: " PLAN "+ " ADD("c1", "@1") WITH_NEGLECT "=> R-109"},
    {"R-112", "the keeper does not where the profile says so",
     REGISTERED "keeper: entry.void child=c1 entry=r reason=\"wrong name\"\n" FOUR_AREAS
                "keeper: " ADD("c1", "d") "area=neglect + " INDICATOR("@1", "area", "neglect") "=> R-112"},
    {"R-114", "an indicator that the registration does not list",
     REGISTERED "chair: " INDICATOR("r", "vulnerability", "parental-alcohol-use") "=> R-114"},
    {"R-114", "one of another category", REGISTERED "chair: " INDICATOR("r", "vulnerability", "neglect") "=> R-114"},
    {"R-114", "an indicator that was added to the list",
     REGISTERED "keeper: registration.amend child=c1 registration=r vulnerability=online-safety + " INDICATOR(
         "r", "vulnerability", "online-safety")},
    {"R-117", "an indicator without evidence", "chair: " PLAN "+ " ADD("c1", "@1") "impact=neglect => R-117"},
    {"R-117", "one of two without evidence",
     "chair: " PLAN "+ " ADD("c1", "@1") "vulnerability=domestic-abuse " WITH_NEGLECT "=> R-117"},
    {"R-117", "evidence for each",
     "chair: " PLAN "+ " ADD("c1", "@1") "vulnerability=domestic-abuse " WITH_NEGLECT
                                         "+ " INDICATOR("@2", "vulnerability", "domestic-abuse")},
    {"R-117", "an area without evidence",
     "chair: " PLAN "+ " ADD("c1", "@1") "area=domestic-abuse " WITH_NEGLECT "=> R-117"},
    {"R-117", "where no document of the authority asks for it, a reason will do",
     "profile north-lanarkshire\nchair: " PLAN
     "+ " ADD("c1", "@1") "impact=neglect => R-117\n"
                          "d, r, x = chair: " PLAN
                          "+ " ADD("c1", "@1") "impact=neglect + check.explain child=c1 meeting=m1 rule=R-117 "
                                               "reason=x"},
    {"R-126", "business support, and nobody authorised it",
     REGISTERED "minute: registration.amend child=c1 registration=r address=x => R-126"},
    {"R-126", "authorised by somebody who may not",
     REGISTERED "minute: registration.correct child=c1 registration=r address=x reason=x authoriser=anna => R-126"},
    {"R-126", "authorised by the keeper",
     REGISTERED "minute: registration.amend child=c1 registration=r address=x authoriser=keeper\n"
                "minute: registration.correct child=c1 registration=r name=Ishbel reason=x authoriser=keeper"},
    {"R-126", "the keeper", REGISTERED "keeper: registration.amend child=c1 registration=r address=x"},
    {"R-126", "another chair continues",
     REGISTERED CONTINUED "other-chair: registration.continue child=c1 registration=r decision=e => R-126"},
    {"R-126", "business support continues what the chair decided",
     REGISTERED CONTINUED "minute: registration.continue child=c1 registration=r decision=e authoriser=chair"},
    {"N-10", "an initial meeting does not remove", REGISTERED REVIEW("m1", "no") "chair: " REMOVE "=> N-10"},
    {"N-10", "a transfer meeting does not remove",
     REGISTERED REVIEW("m3", "no") CLOSED("m3", "yes") "chair: " REMOVE "=> N-10"},
    {"N-10", "a review meeting removes", REMOVED},
    {"N-09", "the review still required a plan", REGISTERED CONTINUED CLOSED("m2", "yes") "chair: " REMOVE "=> N-09"},
    {"N-09", "a later decision required a plan",
     REGISTERED REVIEW("m2", "no") "chair: " ON(
         "m3", "c1", "yes",
         "yes") "+ registration.continue child=c1 registration=r decision=@1\n" CLOSED("m2", "yes") "chair: " REMOVE
                                                                                                    "=> N-09"},
    {"N-09", "the review required none", REMOVED},
    {"N-37", "the meeting was not closed", REGISTERED REVIEW("m2", "no") "chair: " REMOVE "=> N-37"},
    {"N-37", "the meeting had no quorum", REGISTERED REVIEW("m2", "no") CLOSED("m2", "no") "chair: " REMOVE "=> N-37"},
    {"N-37", "the meeting had a quorum", REMOVED},
    {"K-040", "what has ended is not continued",
     REMOVED "keeper: registration.amend child=c1 registration=r address=x => K-040\n"
             "keeper: " REMOVE "=> K-040"},
    {"K-040", "what was wrong with it is put right",
     REMOVED "keeper: registration.correct child=c1 registration=r name=Ishbel reason=x"},
    {"K-040", "a temporary registration ends once",
     "r = keeper: " TEMPORARY "until=2027-01-31\n"
     "keeper: registration.temporary-end child=c1 registration=r reason=\"gone home\"\n"
     "keeper: registration.temporary-end child=c1 registration=r reason=\"gone home\" => K-040\n"
     "keeper: " TEMPORARY},
    {"N-07", "nobody was registered", "check m1 N-07 na"},
    {"N-07", "told in one way",
     REGISTERED "anna: registration.tell child=c1 registration=r about=added way=verbally on=2026-12-01 told=x\n"
                "check m1 N-07 open"},
    {"N-07", "told in both",
     REGISTERED "anna: registration.tell child=c1 registration=r about=added way=verbally on=2026-12-01 told=x\n"
                "anna: registration.tell child=c1 registration=r about=added way=in-writing on=2026-12-01 told=x\n"
                "check m1 N-07 met"},
    {"N-11", "nobody was removed", REGISTERED REVIEW("m2", "no") "check m2 N-11 na"},
    {"N-11", "nothing is said", REMOVED "check m2 N-11 open"},
    {"N-11", "all is said",
     REGISTERED REVIEW("m2", "no") CLOSED(
         "m2",
         "yes") "chair: " REMOVE "lead-professional=x plan=x services=x\n"
                "check m2 N-11 open\n"
                "anna: registration.tell child=c1 registration=r about=removed way=verbally on=2027-03-01 told=x\n"
                "check m2 N-11 met"},
    {"N-14", "nobody was alerted yet", REGISTERED "check m1 N-14 open"},
    {"N-14", "nobody was alerted by the next day", REGISTERED "on 2026-12-02T00:00:00Z\ncheck m1 N-14 broken"},
    {"N-14", "the police were alerted",
     REGISTERED "anna: register.alert child=c1 registration=r about=added agency=police sent=2026-12-01 "
                "system=\"Police Scotland, iVPD\"\ncheck m1 N-14 met"},
    {"N-14", "they were not alerted to its end",
     REMOVED
     "check m2 N-14 open\n"
     "anna: register.alert child=c1 registration=r about=removed sent=2026-12-01 system=iVPD\ncheck m2 N-14 met"},
    {0},
};
