#include "tests/lib/stories_meeting.h"

const char meeting_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Baby Reid\" due=2027-02-01\n"
    "mum = anna: family.add child=c1 child=c2 name=\"Mary Reid\" relation=mother responsibilities=yes\n"
    "i1 = anna: investigation.record child=c1 child=c2 outcome=meeting-required on=2026-11-10 reasons=x\n"
    "m1 = anna: meeting.convene child=c1 child=c2 type=initial on=2026-12-01T10:00:00Z chair=chair minute-taker=minute "
    "investigation=i1 decided=2026-11-13\n"
    "on 2026-12-01T12:00:00Z\n";

/* A meeting of the same girl before, and how it was closed. */
#define EARLIER(chair, how)                                                                                            \
  "m0 = anna: meeting.convene child=c1 type=review on=2026-11-20T10:00:00Z chair=" chair " decided=2026-11-01\n"       \
  "anna: family-view.record child=c1 meeting=m0 whose=child when=before method=form words=x presented=yes "            \
  "considered=yes + family-view.record child=c1 meeting=m0 whose=parent when=before method=form words=x + "            \
  "check.explain child=c1 meeting=m0 rule=R-042 reason=x\n" CHILD_CONSIDERED("c1", "m0") chair                         \
      ": decision.record child=c1 meeting=m0 risk=no plan=no reasons=x + "                                             \
      "reporter.consider child=c1 meeting=m0 outcome=already-done\n" chair                                             \
      ": meeting.close child=c1 meeting=m0 quorate=" how "\n"
#define WITHOUT_QUORUM "no reasons=x safeguards=x early-review=2026-12-01"
#define PLAN(child)                                                                                                    \
  "d, r = chair: decision.record child=" child " meeting=m1 risk=yes plan=yes reasons=x + registration.add "           \
  "child=" child " decision=@1 name=\"Isla Reid\" impact=neglect + indicator.record child=" child                      \
  " registration=@2 category=impact indicator=neglect evidence=x\n"
#define SAFETY_PLAN                                                                                                    \
  "sp = anna: safety-plan.record " BOTH " on=2026-11-11 action=x until=2027-02-01 needs=x seen=x "                     \
  "monitoring=x signal=x contact=x agreed=x shared=x\n"

#define TEN "éééééééééé"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define OF_C1 "child=c1 meeting=m1 "

const struct rule_story meeting_stories[] = {
    {"R-001", "no investigation for one of the children",
     "c3 = anna: child.add name=Finn born=2021-01-01\n"
     "m = anna: meeting.convene child=c1 child=c3 type=initial on=2026-12-01T10:00:00Z chair=chair investigation=i1\n"
     "check m R-001 broken Finn\n"
     "chair: meeting.close child=c1 child=c3 meeting=m quorate=yes => R-001"},
    {"R-001", "an investigation for both", "check m1 R-001 met"},
    {"R-001", "a review follows no investigation",
     "m = anna: meeting.convene child=c1 type=review on=2026-12-01T10:00:00Z chair=chair\ncheck m R-001 na"},
    {"R-001", "the reason why there is none",
     "m = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
     "anna: check.explain child=c1 meeting=m rule=R-001 reason=x\ncheck m R-001 explained"},
    CONFIRMED("R-003"),
    {"R-004", "no assessment of one of the children",
     "anna: assessment.record child=c1 meeting=m1 risk=x\ncheck m1 R-004 open \"Baby Reid\""},
    {"R-004", "what is shown ends with a whole character",
     "a = anna: child.add name=" LONG " born=2019-03-01\nb = anna: child.add name=" LONG " born=2019-03-01\n"
     "m = anna: meeting.convene child=a child=b type=review on=2026-12-01T10:00:00Z chair=chair\n"
     "check m R-004 open \"" LONG "; " TEN TEN "éééééé\""},
    {"R-004", "an assessment of each",
     "anna: assessment.record child=c1 meeting=m1 risk=x + assessment.record child=c2 meeting=m1 risk=x\n"
     "check m1 R-004 met"},
    {"R-005", "a plan is required, and has no outline",
     PLAN("c1") "anna: assessment.record child=c1 meeting=m1 risk=x\ncheck m1 R-005 open \"Isla Reid\""},
    {"R-005", "it has one",
     PLAN("c1") "anna: assessment.record child=c1 meeting=m1 risk=x outline=x\ncheck m1 R-005 met"},
    {"R-005", "no plan is required", DECIDED "check m1 R-005 met"},
    {"R-011", "another agency's chair",
     "profile national\n" OWN_PROFILE "anna: meeting.change " M1 "chair=nurse-chair\n"
     "check m1 R-011 broken \"nurse-chair is of health\""},
    {"R-011", "no closing with a chair whom the profile does not allow",
     READY INVOLVED("health") OWN_PROFILE CORE_AGENCIES THERE(
         "edie", "agency-participant") "anna: meeting.change " M1 "chair=nurse-chair\nnurse-chair: meeting.close " M1
                                       "quorate=yes => R-011"},
    {"R-011", "nationally another agency's chair needs a reason",
     READY INVOLVED("health") "profile national\n" CORE_AGENCIES "anna: meeting.change " M1 "chair=nurse-chair\n"
                              "nurse-chair: meeting.close " M1 "quorate=yes => R-011\n"
                              "anna: check.explain " M1 "rule=R-011 reason=x\ncheck m1 R-011 explained\n"
                              "nurse-chair: meeting.close " M1 "quorate=yes"},
    {"R-011", "in North Lanarkshire it is not enough that somebody explains it",
     "profile north-lanarkshire\nanna: meeting.change " M1 "chair=nurse-chair\n"
     "anna: check.explain " M1 "rule=R-011 reason=x\ncheck m1 R-011 broken\n"
     "nurse-chair: check.override " M1 "rule=R-011 reason=x\ncheck m1 R-011 overridden"},
    {"R-011", "a chair of social work", OWN_PROFILE "check m1 R-011 met"},
    {"R-012", "the chair holds no such post", OWN_PROFILE "check m1 R-012 broken \"chair: no post is recorded\""},
    {"R-012", "the chair goes on, with a reason",
     OWN_PROFILE "chair: check.override " M1 "rule=R-012 reason=x\ncheck m1 R-012 overridden"},
    {"R-012", "the profile names no posts", "check m1 R-012 met"},
    {"R-012", "North Lanarkshire does", "profile north-lanarkshire\ncheck m1 R-012 broken"},
    {"R-012", "elsewhere there are none",
     "profile national\ncheck m1 R-012 na\nprofile argyll-and-bute\ncheck m1 R-012 na"},
    {"R-016", "no practitioner of social work", "profile national\ncheck m1 R-016 open \"social-work: no attendance\""},
    {"R-016", "the chair represents no agency",
     READY "profile national\n" THERE("chair", "chair") THERE("hugh", "agency-participant")
         THERE("pete", "agency-participant") CLOSE " => R-016"},
    {"R-016", "there was one", "profile national\n" CORE_AGENCIES "check m1 R-016 met"},
    {"R-017", "no practitioner of health",
     READY "profile national\n" THERE("anna", "lead-professional")
         THERE("pete", "agency-participant") "minute: attendance.record " M1
                                             "person=hugh role=agency-participant attended=none\n"
                                             "check m1 R-017 open \"health: no attendance\"\n" CLOSE " => R-017"},
    {"R-017", "there was one, for a part",
     "profile national\nminute: attendance.record " M1
     "person=hugh role=agency-participant attended=part\ncheck m1 R-017 met"},
    {"R-017", "what was recorded wrongly is put right",
     "profile national\na = minute: attendance.record " M1 "person=hugh role=agency-participant attended=none\n"
     "check m1 R-017 open\nminute: attendance.change " BOTH " attendance=a attended=all\ncheck m1 R-017 met"},
    {"R-018", "no practitioner of the police",
     READY "profile national\n" THERE("anna", "lead-professional") THERE("hugh", "agency-participant") CLOSE
     " => R-018"},
    {"R-018", "there was one", "profile national\n" CORE_AGENCIES "check m1 R-018 met"},
    {"R-019", "no practitioner of education, where the profile asks for one",
     OWN_PROFILE CORE_AGENCIES "check m1 R-019 open \"education: no attendance\""},
    {"R-019", "a school's teacher who does not work with Cairn",
     OWN_PROFILE "minute: attendance.record " M1 "agency=education name=\"Jo Hill\" role=agency-participant "
                 "attended=all basis=need-to-know\ncheck m1 R-019 met"},
    {"R-019", "North Lanarkshire's does", "profile north-lanarkshire\ncheck m1 R-019 open"},
    {"R-019", "the profile does not ask for one", "profile national\n" CORE_AGENCIES "check m1 R-019 na\n" READY CLOSE},
    {"R-020", "an agency that works with the child was not there",
     READY "anna: involvement.start child=c1 agency=housing\ncheck m1 R-020 open \"housing (Isla Reid)\"\n" CLOSE
           " => R-020"},
    {"R-020", "it was there",
     READY "anna: involvement.start child=c1 agency=housing\n" THERE("hope", "agency-participant") CLOSE},
    {"R-020", "it sent its apologies, with a reason",
     READY "anna: involvement.start child=c1 agency=housing\nminute: attendance.record " M1
           "person=hope role=agency-participant attended=none reason=ill\n" CLOSE},
    {"R-020", "it works with the child no more",
     READY "w = anna: involvement.start child=c1 agency=housing\n"
           "anna: involvement.end child=c1 involvement=w reason=moved\n" CLOSE},
    {"R-036", "the Reporter gives no view",
     INVOLVED("reporter") "ruth: view.record child=c1 meeting=m1 risk=x plan=yes register=yes => R-036"},
    {"R-036", "and is not told why by what they may not see",
     ASKED("ruth") "ruth: view.record child=c1 meeting=m1 risk=x plan=yes register=yes => unseen"},
    {"R-036", "nor a dissent",
     "d = chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x\n" INVOLVED(
         "reporter") "ruth: dissent.record child=c1 decision=d about=plan nature=x => R-036"},
    {"R-036", "nor does somebody else write one for the Reporter",
     "d = chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x\n"
     "minute: dissent.record child=c1 decision=d about=plan nature=x person=ruth => R-036"},
    {"R-036", "nor leads for a child", "anna: lead.name child=c1 person=ruth => R-036"},
    {"R-036", "others do", "anna: lead.name child=c1 person=hugh"},
    {"R-036", "and does not chair",
     "anna: meeting.convene child=c1 type=review on=2026-12-01T10:00:00Z chair=ruth => R-036"},
    {"R-036", "whoever the chair becomes",
     READY INVOLVED("reporter") "anna: meeting.change " M1 "chair=ruth\nruth: meeting.close " M1
                                "quorate=yes => R-036"},
    {"R-036", "and attends in no other role", READY THERE("ruth", "agency-participant") CLOSE " => R-036"},
    {"R-036", "nobody observes for the Reporter and takes part as well",
     READY THERE("hugh", "reporter-observer") THERE("hugh", "agency-participant") CLOSE " => R-036"},
    {"R-036", "the Reporter observes", READY THERE("ruth", "reporter-observer") CLOSE},
    {"R-036", "others give their views",
     ASKED("hugh") "hugh: view.record child=c1 meeting=m1 risk=x plan=yes register=yes"},
    CONFIRMED("R-038"),
    CONFIRMED("R-039"),
    CONFIRMED("R-040"),
    {"R-134", "the chair takes the minute", READY "anna: meeting.change " M1 "minute-taker=chair\n" CLOSE " => R-134"},
    {"R-134", "so says the attendance", READY THERE("chair", "minute-taker") "check m1 R-134 broken chair"},
    {"R-134", "the chair goes on, with a reason",
     READY THERE("chair", "minute-taker") "chair: check.override " M1 "rule=R-134 reason=x\n" CLOSE},
    {"R-134", "somebody else does", READY THERE("chair", "chair") THERE("minute", "minute-taker") CLOSE},
    {"N-22", "later than the profile says",
     "profile national\nanna: meeting.change " M1 "on=2026-12-09T10:00:00Z\ncheck m1 N-22 broken \"investigation "
     "on 2026-11-10, meeting due by 2026-12-08, held on 2026-12-09\""},
    {"N-22", "on the last day",
     "profile national\nanna: meeting.change " M1 "on=2026-12-08T10:00:00Z\ncheck m1 N-22 met"},
    {"N-22", "a senior manager agreed to a later day",
     "profile national\nanna: meeting.change " M1 "on=2026-12-09T10:00:00Z\n" SAFETY_PLAN "anna: meeting.delay " BOTH
     " investigation=i1 safety-plan=sp until=2026-12-10 satisfied=in-place "
     "satisfied=shared satisfied=effective manager=x reason=x\ncheck m1 N-22 met"},
    {"N-22", "there was no investigation",
     "m = anna: meeting.convene child=c1 type=review on=2026-12-01T10:00:00Z chair=chair\ncheck m N-22 na"},
    {"N-23", "nobody agreed to it",
     READY "profile national\n" CORE_AGENCIES "anna: meeting.change " M1 "on=2026-12-09T10:00:00Z\n" CLOSE " => N-23"},
    {"N-23", "it is later than what was agreed",
     "profile national\nanna: meeting.change " M1 "on=2026-12-11T10:00:00Z\n" SAFETY_PLAN "anna: meeting.delay " BOTH
     " investigation=i1 safety-plan=sp until=2026-12-10 satisfied=in-place "
     "satisfied=shared satisfied=effective manager=x reason=x\ncheck m1 N-23 broken \"due by 2026-12-08, held on "
     "2026-12-11, allowed until 2026-12-10\""},
    {"N-23", "a senior manager agreed",
     READY "profile national\n" CORE_AGENCIES "anna: meeting.change " M1 "on=2026-12-09T10:00:00Z\n" SAFETY_PLAN
           "anna: meeting.delay " BOTH " investigation=i1 safety-plan=sp until=2026-12-10 satisfied=in-place "
           "satisfied=shared satisfied=effective manager=x reason=x\n" CLOSE},
    {"N-23", "the chair goes on, with a reason",
     READY "profile national\n" CORE_AGENCIES "anna: meeting.change " M1 "on=2026-12-09T10:00:00Z\n"
           "chair: check.override " M1 "rule=N-23 reason=x\n" CLOSE},
    {"N-27", "another chair than before",
     READY EARLIER("other-chair", "yes") "anna: meeting.change " M1 "type=review\n"
                                         "check m1 N-27 broken \"Isla Reid: other-chair chaired before\"\n" CLOSE
                                         " => N-27"},
    {"N-27", "and why",
     READY EARLIER("other-chair", "yes") "anna: meeting.change " M1 "type=review\n"
                                         "chair: check.explain " M1 "rule=N-27 reason=ill\n" CLOSE},
    {"N-27", "the same chair", READY EARLIER("chair", "yes") "anna: meeting.change " M1 "type=review\n" CLOSE},
    {"N-27", "another chair than before, under another record of the child",
     READY EARLIER("other-chair", "yes") "c9 = anna: child.add name=Isla born=2019-03-01\n"
                                         "m = anna: meeting.convene child=c9 type=review on=2026-12-01T10:00:00Z "
                                         "chair=chair\ncheck m N-27 met\nanna: child.same child=c1 child=c9 reason=x\n"
                                         "check m N-27 broken"},
    CONFIRMED("N-28"),
    {"N-29", "closed without quorum, and all were there",
     READY "profile national\n" CORE_AGENCIES "check m1 N-29 met\n" CLOSE_WITHOUT_QUORUM " => N-29"},
    {"N-29", "all that lack are named",
     "profile national\n" THERE(
         "hugh", "agency-participant") "check m1 N-29 open \"police: no attendance; social-work: no attendance\""},
    {"N-29", "closed with quorum, and all were there", READY "profile national\n" CORE_AGENCIES CLOSE},
    {"N-33", "no parent was there, none was heard",
     INVITED DECIDED "anna: family-view.record " M1 "whose=child when=before method=form words=x presented=yes "
                     "considered=yes\ncheck m1 N-33 open\n" CLOSE " => N-33"},
    {"N-33", "one was there",
     INVITED DECIDED "anna: family-view.record " M1 "whose=child when=before method=form words=x presented=yes "
                     "considered=yes\nminute: attendance.record " M1
                     "family=mum role=parent-carer attended=part\n" CLOSE},
    {"N-34", "no other meeting, no interim safety plan",
     READY "profile national\n" THERE("hugh", "agency-participant") CLOSE_WITHOUT_QUORUM
     "\ncheck m1 N-34 open \"Baby Reid: an interim safety plan; Baby Reid: another meeting by 2026-12-15; Isla "
     "Reid: an interim safety plan; Isla Reid: another meeting by 2026-12-15\""},
    {"N-34", "nor in time",
     READY "profile national\n" CLOSE_WITHOUT_QUORUM "\n" SAFETY_PLAN "anna: meeting.convene " BOTH
           " type=initial on=2026-12-16T10:00:00Z chair=chair\n"
           "on 2026-12-16T12:00:00Z\ncheck m1 N-34 broken"},
    {"N-34", "another meeting in time",
     READY "profile national\n" CLOSE_WITHOUT_QUORUM "\n" SAFETY_PLAN "anna: meeting.convene " BOTH
           " type=initial on=2026-12-15T10:00:00Z chair=chair\ncheck m1 N-34 met"},
    {"N-34", "another meeting in time and a safety plan, under other records of the children",
     READY "profile national\n" CLOSE_WITHOUT_QUORUM "\nc8 = anna: child.add name=x\nc9 = anna: child.add name=y\n"
           "anna: safety-plan.record child=c8 child=c9 on=2026-11-11 action=x\n"
           "anna: meeting.convene child=c8 child=c9 type=initial on=2026-12-15T10:00:00Z chair=chair\n"
           "check m1 N-34 open\nanna: child.same child=c1 child=c8 reason=x + child.same child=c2 child=c9 reason=x\n"
           "check m1 N-34 met"},
    {"N-34", "it had a quorum", READY "profile national\n" CORE_AGENCIES CLOSE "\ncheck m1 N-34 na"},
    {"N-35", "nothing is said about going on without a quorum",
     READY "profile national\nchair: meeting.close " M1 "quorate=no reasons=x safeguards=x => N-35"},
    {"N-35", "reasons, safeguards and the early review",
     READY "profile national\n" CLOSE_WITHOUT_QUORUM "\ncheck m1 N-35 met"},
    {"N-35", "it had a quorum", READY "profile national\n" CORE_AGENCIES CLOSE "\ncheck m1 N-35 na"},
    {"N-36", "the second in a row",
     READY "profile national\n" EARLIER(
         "chair", WITHOUT_QUORUM) "check m1 N-36 open \"Isla Reid\"\n" CLOSE_WITHOUT_QUORUM " => N-36"},
    {"N-36", "the second in a row, of a child that was recorded twice",
     READY "profile national\n" EARLIER("chair",
                                        WITHOUT_QUORUM) "c3 = anna: child.add name=Isla born=2019-03-01\n"
                                                        "anna: child.same child=c1 child=c3 reason=x\n"
                                                        "m = anna: meeting.convene child=c3 type=review "
                                                        "on=2026-12-01T10:00:00Z chair=chair\ncheck m N-36 open Isla"},
    {"N-36", "the second has its quorum",
     READY "profile national\n" EARLIER("chair", WITHOUT_QUORUM) CORE_AGENCIES CLOSE},
    {"N-36", "the one before had it", READY EARLIER("chair", "yes") "profile national\n" CLOSE_WITHOUT_QUORUM},
    {"K-030", "another chair closes it", READY "other-chair: meeting.close " M1 "quorate=yes => K-030"},
    {"K-030", "its chair does", READY CLOSE},
    {"K-070", "another chair approves the minute", READY CLOSE "\n" APPROVE_AS("other-chair", M1, "") " => K-070"},
    {"K-070", "the chair of the meeting does", READY CLOSE "\n" APPROVE},
    {"K-071", "an approval without its documents",
     READY CLOSE "\nchair: copy.approve " M1 "participants=x professionals=x family=x => K-071"},
    {"K-071", "documents without an approval of theirs in the act",
     READY CLOSE "\na = " APPROVE "\nchair: copy.family " M1 "approval=a salt=0 html=x text=x => K-071"},
    {"K-071", "another document than the one that is committed to", READY CLOSE "\n" APPROVE "y => K-071"},
    {"K-071", "something else in the same act",
     READY CLOSE "\n" APPROVE " + check.confirm " M1 "rule=R-044 answer=yes "
                 "=> K-071"},
    {"K-071", "approved again", READY CLOSE "\n" APPROVE "\n" APPROVE},
    {"K-072", "before the meeting was closed", READY APPROVE " => K-072"},
    {"K-072", "afterwards", READY CLOSE "\n" APPROVE},
    {"K-073", "a report for no meeting",
     "r = anna: report.record child=c1 type=report title=x text=x\n" APPROVE_AS("chair", OF_C1,
                                                                                " report=r") " => K-073"},
    {"K-073", "a report for the meeting, before it is closed",
     "r = anna: report.record child=c1 meeting=m1 type=report title=x text=x\n" APPROVE_AS("chair", OF_C1,
                                                                                           " report=r")},
    {0},
};
