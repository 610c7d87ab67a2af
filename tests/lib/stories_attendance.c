#include "tests/lib/stories_meeting.h"

#define CONSIDERED(what, more) "anna: invitee.consider " M1 "category=" what " outcome=" more "\n"
/* A category that is to be considered: for each child, with a reason where nobody was invited. */
#define TO_CONSIDER(rule, category)                                                                                    \
  {rule, "it was not considered", "check m1 " rule " open \"Baby Reid; Isla Reid\""},                                  \
      {rule, "it was considered for one of the children",                                                              \
       "anna: invitee.consider child=c1 meeting=m1 category=" category " outcome=invited\n"                            \
       "check m1 " rule " open \"Baby Reid\""},                                                                        \
      {rule, "not invited, and nobody says why",                                                                       \
       CONSIDERED(category, "not-invited") "check m1 " rule " open \"Baby Reid: not invited, and no reason; Isla "     \
                                           "Reid: not invited, and no reason\""},                                      \
  {                                                                                                                    \
    rule, "not invited, for a reason", CONSIDERED(category, "not-invited reason=x") "check m1 " rule " met"            \
  }
#define INVITE "anna: invitation.send " M1
#define EXCLUDED(more) "x = chair: exclusion.record " M1 "family=mum form=excluded ground=bail-conditions " more "\n"
#define ALL_SAID "informed-by=Anna views-by=Anna outcome-by=Anna outcome-until=2026-12-04 "
#define CHANGE "chair: exclusion.change " BOTH " exclusion=x "
#define CHILD_DECIDED(more) "a = anna: child-attendance.decide child=c1 meeting=m1 " more "\n"
#define SUPPORTER                                                                                                      \
  "aunt = anna: family.add " BOTH " name=\"Jean Hill\" relation=family-member responsibilities=no\n"                   \
  "minute: attendance.record " M1 "family=aunt role=support attended=all supports=mum\n"
#define SHORT "anna: meeting.change " M1 "decided=2026-11-27\n"
#define HEARD_BEFORE(more) "w = anna: family-view.record " M1 "whose=child when=before method=form words=x " more "\n"
#define PARENT_HEARD "anna: family-view.record " M1 "whose=parent family=mum when=before method=form words=x\n"
#define CHILD_THERE "minute: attendance.record child=c1 meeting=m1 role=child attended=part\n"

const struct rule_story attendance_stories[] = {
    {"R-013", "decided too late",
     "profile national\nanna: meeting.change " M1 "decided=2026-11-27\ncheck m1 R-013 broken \"decided on "
     "2026-11-27, held on 2026-12-01, notice was due by 2026-11-26\""},
    {"R-013", "decided in time", "profile national\nanna: meeting.change " M1 "decided=2026-11-26\ncheck m1 R-013 met"},
    {"R-013", "working days, with a holiday",
     OWN_PROFILE "anna: meeting.change " M1 "decided=2026-11-24\ncheck m1 R-013 broken"},
    {"R-014", "nobody says why",
     READY "profile national\n" CORE_AGENCIES SHORT "check m1 R-014 broken \"the reason\"\n" CLOSE " => R-014"},
    {"R-014", "nor who approved it",
     "profile national\nanna: meeting.change " M1 "decided=2026-11-27 short-notice=perceived-risk "
     "short-notice-reason=x\ncheck m1 R-014 broken \"who approved it\""},
    {"R-014", "both are said",
     READY "profile national\n" CORE_AGENCIES "anna: meeting.change " M1 "decided=2026-11-27 "
           "short-notice=perceived-risk short-notice-reason=x short-notice-by=senior\n" CLOSE},
    {"R-014", "there was notice enough", "profile national\ncheck m1 R-014 met"},
    {"R-015", "by e-mail, to whatever address",
     INVITE "person=hugh basis=need-to-know channel=email sent=2026-11-20 => R-015"},
    {"R-015", "the chair has it sent all the same",
     "chair: invitation.send " M1 "person=hugh basis=need-to-know channel=email sent=2026-11-20 + check.override " M1
     "rule=R-015 reason=urgent"},
    {"R-015", "to a secure address",
     INVITE "person=hugh basis=need-to-know channel=email secure-address=yes sent=2026-11-20"},
    {"R-015", "by post", INVITE "person=hugh basis=need-to-know channel=post sent=2026-11-20"},
    {"R-022", "the chair was not consulted", "check m1 R-022 open"},
    {"R-022", "the chair was", "anna: meeting.change " M1 "chair-consulted=2026-11-13\ncheck m1 R-022 met"},
    {"R-023", "it was not considered", "check m1 R-023 open \"Isla Reid\""},
    {"R-023", "the child is invited",
     "anna: invitation.send child=c1 meeting=m1 basis=child channel=in-person sent=2026-11-20\ncheck m1 R-023 met"},
    {"R-023", "it was decided whether the child attends", CHILD_DECIDED("attend=none") "check m1 R-023 met"},
    {"R-024", "a holder of parental responsibilities was neither invited nor excluded",
     CONSIDERED("family", "not-invited reason=x") "check m1 R-024 open \"Mary Reid (mother)\""},
    {"R-024", "she is invited", INVITED "check m1 R-024 met"},
    {"R-024", "the chair excluded her", EXCLUDED("") CONSIDERED("family", "not-invited reason=x") "check m1 R-024 met"},
    TO_CONSIDER("R-025", "support"),
    TO_CONSIDER("R-026", "social-work"),
    {"R-026", "a social worker is invited",
     INVITE "person=anna basis=essential-to-plan channel=in-person sent=2026-11-20\ncheck m1 R-026 met"},
    TO_CONSIDER("R-027", "police"),
    {"R-027", "the police continue to be involved",
     CONSIDERED(
         "police",
         "not-invited reason=x") "check m1 R-027 met\n"
                                 "anna: involvement.start child=c1 agency=police continuing=yes\n"
                                 "check m1 R-027 open \"Isla Reid: continues to be involved, and is not invited\""},
    {"R-027", "and are invited",
     "anna: involvement.start child=c1 agency=police continuing=yes\n" INVITE
     "person=pete basis=need-to-know channel=post sent=2026-11-20\ncheck m1 R-027 met"},
    TO_CONSIDER("R-028", "foster-carer"),
    TO_CONSIDER("R-029", "education"),
    TO_CONSIDER("R-030", "health"),
    TO_CONSIDER("R-031", "adult-services"),
    {"R-031", "a practitioner of health is invited as one of them",
     INVITE "person=hugh category=adult-services basis=need-to-know channel=post sent=2026-11-20\ncheck m1 R-031 met\n"
            "check m1 R-030 open"},
    TO_CONSIDER("R-032", "third-sector"),
    TO_CONSIDER("R-033", "housing"),
    {"R-034", "there is a service connection",
     "c3 = anna: child.add name=Finn born=2021-01-01 service-connection=yes\n"
     "m = anna: meeting.convene child=c1 child=c3 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
     "check m R-034 open Finn"},
    {"R-034", "and it was considered",
     "c3 = anna: child.add name=Finn born=2021-01-01 service-connection=yes\n"
     "m = anna: meeting.convene child=c1 child=c3 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
     "anna: invitee.consider child=c3 meeting=m category=armed-forces outcome=invited\ncheck m R-034 met"},
    {"R-034", "there is none", "check m1 R-034 na"},
    {"R-037", "on another ground, and nobody says which",
     READY INVITE "person=hope basis=other channel=post sent=2026-11-20\n" CLOSE " => R-037"},
    {"R-037", "and which", READY INVITE "person=hope basis=other reason=x channel=post sent=2026-11-20\n" CLOSE},
    {"R-037", "there without an invitation",
     "minute: attendance.record " M1 "person=hope role=agency-participant attended=all\ncheck m1 R-037 open hope"},
    {"R-037", "with one",
     INVITE "person=hope basis=need-to-know channel=post sent=2026-11-20\n"
            "minute: attendance.record " M1 "person=hope role=agency-participant attended=all\ncheck m1 R-037 met"},
    {"R-042", "a parent is not invited",
     HEARD(BOTH, "m1") DECIDED "check m1 R-042 open \"Mary Reid (mother)\"\n" CLOSE " => R-042"},
    {"R-042", "a father whom another agency recorded, with another record of the child",
     "c9 = hugh: child.add name=Isla born=2019-03-01\n"
     "f9 = hugh: family.add child=c9 name=\"Rob Reid\" relation=father responsibilities=yes\n" INVITED
     "check m1 R-042 met\nanna: child.same child=c1 child=c9 reason=x\n"
     "check m1 R-042 open \"Rob Reid (father)\"\n" INVITE
     "family=f9 basis=family channel=post sent=2026-11-20\ncheck m1 R-042 met"},
    {"R-042", "a mother who was recorded twice, and invited once",
     "c9 = hugh: child.add name=Isla born=2019-03-01\n"
     "f9 = hugh: family.add child=c9 name=\"mary reid\" relation=mother responsibilities=yes\n"
     "anna: child.same child=c1 child=c9 reason=x\n" INVITED "check m1 R-042 met"},
    {"R-042", "and why", HEARD(BOTH, "m1") DECIDED "anna: check.explain " M1 "rule=R-042 reason=x\n" CLOSE},
    {"R-042", "she is", READY CLOSE},
    {"R-042", "the chair excluded her", EXCLUDED("reason=x " ALL_SAID) HEARD(BOTH, "m1") DECIDED CLOSE},
    {"R-042", "a grandmother need not be",
     INVITED "anna: family.add " BOTH " name=Jean relation=family-member responsibilities=no\ncheck m1 R-042 met"},
    {"N-31", "sent too late",
     "profile national\n" INVITE "person=hugh basis=need-to-know channel=post sent=2026-11-27\n"
     "check m1 N-31 broken \"hugh (2026-11-27)\""},
    {"N-31", "sent in time",
     "profile national\n" INVITE "person=hugh basis=need-to-know channel=post sent=2026-11-26\ncheck m1 N-31 met"},
    {"K-031", "nobody is named", INVITE "basis=need-to-know channel=post sent=2026-11-20 => K-031"},
    {"K-031", "two are", "minute: attendance.record " M1 "person=hugh family=mum role=support attended=all => K-031"},
    {"K-031", "as the child, two children", "minute: attendance.record " M1 "role=child attended=all => K-031"},
    {"K-031", "as the child, one", CHILD_THERE},
    {"K-031", "an agency with a name",
     "minute: attendance.record " M1 "agency=education name=Jo role=agency-participant attended=all"},
    CONFIRMED("R-043"),
    CONFIRMED("R-044"),
    CONFIRMED("R-046"),
    {"R-048", "a friend came, and the chair did not decide",
     READY SUPPORTER "check m1 R-048 open \"Jean Hill\"\n" CLOSE " => R-048"},
    {"R-048", "the chair refused",
     SUPPORTER "chair: support.decide " M1 "family=aunt outcome=refused\ncheck m1 R-048 open"},
    {"R-048", "the chair allowed it",
     READY SUPPORTER "chair: support.decide " M1 "family=aunt outcome=allowed\n" CLOSE},
    {"R-048", "an advocate needs no such decision",
     "ad = anna: family.add " BOTH " name=Jo relation=advocate responsibilities=no\n"
     "minute: attendance.record " M1 "family=ad role=support attended=all\ncheck m1 R-048 met"},
    {"R-049", "who supports somebody has another role as well",
     READY SUPPORTER "chair: support.decide " M1 "family=aunt outcome=allowed\nminute: attendance.record " M1
                     "family=aunt role=family-member attended=all\n"
                     "check m1 R-049 open \"Jean Hill is also family-member\"\n" CLOSE " => R-049"},
    {"R-049", "gave a view",
     ASKED("tess") THERE("tess", "support") "tess: view.record child=c1 meeting=m1 risk=x plan=yes register=yes\n"
                                            "check m1 R-049 open \"tess gave a view\""},
    {"R-049", "disagreed with a decision",
     THERE("tess", "support") "d = chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x\n"
                              "minute: dissent.record child=c1 decision=d person=tess about=plan nature=x\n"
                              "check m1 R-049 open \"tess disagreed\""},
    {"R-049", "takes the minute", THERE("minute", "support") "check m1 R-049 open"},
    {"R-049", "solely supports", READY SUPPORTER "chair: support.decide " M1 "family=aunt outcome=allowed\n" CLOSE},
    {"R-050", "another chair excludes a parent",
     "other-chair: exclusion.record " M1 "family=mum form=excluded ground=other => R-050"},
    {"R-050", "or changes what was said",
     EXCLUDED("") "other-chair: exclusion.change " BOTH " exclusion=x form=not-invited => R-050"},
    {"R-050", "nobody else may", "anna: exclusion.record " M1 "family=mum form=excluded ground=other => permission"},
    {"R-050", "the chair of the meeting does", EXCLUDED("")},
    {"R-053", "nobody tells her",
     EXCLUDED("reason=x views-by=x outcome-by=x outcome-until=2026-12-04") HEARD(BOTH, "m1") DECIDED
     "check m1 R-053 open \"Mary Reid\"\n" CLOSE " => R-053"},
    {"R-053", "the chair goes on, with a reason",
     EXCLUDED("reason=x views-by=x outcome-by=x outcome-until=2026-12-04") HEARD(BOTH, "m1") DECIDED
     "chair: check.override " M1 "rule=R-053 reason=x\n" CLOSE},
    {"R-053", "somebody does", EXCLUDED("") CHANGE "informed-by=Anna\ncheck m1 R-053 met"},
    {"R-054", "nobody asks for her views", EXCLUDED("") "check m1 R-054 open \"Mary Reid\""},
    {"R-054", "somebody does", EXCLUDED("") CHANGE "views-by=Anna\ncheck m1 R-054 met"},
    {"R-055", "her views are not shared", EXCLUDED("") PARENT_HEARD "check m1 R-055 open \"Mary Reid\""},
    {"R-055", "they are",
     EXCLUDED("") "anna: family-view.record " M1
                  "whose=parent family=mum when=before method=form words=x presented=yes\ncheck m1 R-055 met"},
    {"R-055", "nobody was excluded", "check m1 R-055 na"},
    {"R-056", "no reasons are documented",
     EXCLUDED(ALL_SAID) HEARD(BOTH, "m1") DECIDED "chair: check.override " M1 "rule=R-056 reason=x\n" CLOSE "\n" APPROVE
                                                  " => R-056"},
    {"R-056", "they are", EXCLUDED(ALL_SAID) HEARD(BOTH, "m1") DECIDED CHANGE "reason=x\n" CLOSE "\n" APPROVE},
    {"N-38", "no day is named by when she learns the outcome",
     EXCLUDED("outcome-by=Anna") "check m1 N-38 open \"Mary Reid\""},
    {"N-38", "both are named", EXCLUDED("") CHANGE "outcome-by=Anna outcome-until=2026-12-04\ncheck m1 N-38 met"},
    {"R-057", "it was not considered", "check m1 R-057 open \"Isla Reid\""},
    {"R-057", "no reasons", CHILD_DECIDED("attend=none") "check m1 R-057 open \"Isla Reid: no reasons\""},
    {"R-057", "with reasons", CHILD_DECIDED("attend=none reasons=x") "check m1 R-057 met"},
    CONFIRMED("R-058"),
    {"R-059", "what attending would mean was not considered",
     READY CHILD_DECIDED("attend=none reasons=x") "check m1 R-059 open \"Isla Reid\"\n" CLOSE " => R-059"},
    {"R-059", "the child was there, and it was not considered", CHILD_THERE "check m1 R-059 open \"Isla Reid\""},
    {"R-059", "nobody considered anything", "check m1 R-059 open \"Isla Reid\""},
    {"R-059", "it was",
     READY CHILD_DECIDED(
         "attend=part reasons=x") "anna: child-attendance.change child=c1 decided=a impact=x\n" CHILD_THERE CLOSE},
    {"R-061", "the child was not told", CHILD_DECIDED("attend=none") "check m1 R-061 open \"Isla Reid\""},
    {"R-061", "and why", CHILD_DECIDED("attend=none told=no not-told-reason=x") "check m1 R-061 met"},
    {"R-061", "the child was told", CHILD_DECIDED("attend=none told=yes") "check m1 R-061 met"},
    {"R-062", "the child was not prepared", CHILD_DECIDED("attend=part") "check m1 R-062 open \"Isla Reid\""},
    {"R-062", "the child was", CHILD_DECIDED("attend=part prepared=yes preparer=Anna") "check m1 R-062 met"},
    CONFIRMED("R-064"),
    {"R-069", "the core group was not considered", CHILD_DECIDED("attend=part") "check m1 R-069 open \"Isla Reid\""},
    {"R-069", "it was", CHILD_DECIDED("attend=part core-group=later") "check m1 R-069 met"},
    {"R-070", "an older child, without reasons",
     READY CHILD_DECIDED("attend=none older=yes impact=x factors=x") "check m1 R-070 open \"Isla Reid\"\n" CLOSE
                                                                     " => R-070"},
    {"R-070", "with reasons", READY CHILD_DECIDED("attend=none older=yes impact=x factors=x reasons=x") CLOSE},
    {"R-070", "a younger one", CHILD_DECIDED("attend=none older=no") "check m1 R-070 met"},
    {"R-072", "an older child by the profile's age, about whom nothing was decided",
     OWN_PROFILE "check m1 R-072 open \"Isla Reid\""},
    {"R-072", "without what led to it",
     READY CHILD_DECIDED("attend=none older=yes impact=x reasons=x") CLOSE "\n" APPROVE " => R-072"},
    {"R-072", "where it is no must, a reason will do",
     READY "profile national\n" CORE_AGENCIES CHILD_DECIDED("attend=none older=yes impact=x reasons=x") CLOSE
     "\n" APPROVE " => R-072\n"
     "anna: check.explain " M1 "rule=R-072 reason=x\n" APPROVE},
    {"R-072", "with it", OWN_PROFILE CHILD_DECIDED("attend=none factors=x") "check m1 R-072 met"},
    {"N-30", "nobody asked for the views of one who could not come",
     "a = minute: attendance.record " M1 "person=hope role=agency-participant attended=none\ncheck m1 N-30 open hope"},
    {"N-30", "somebody did",
     "a = minute: attendance.record " M1 "person=hope role=agency-participant attended=none\n"
     "minute: attendance.change " BOTH " attendance=a views-represented=yes\ncheck m1 N-30 met"},
    {"N-32", "a parent does not come",
     "minute: attendance.record " M1 "family=mum role=parent-carer attended=none\ncheck m1 N-32 open \"Mary Reid\"\n"
     "chair: check.confirm " M1 "rule=N-32 answer=yes\ncheck m1 N-32 met"},
    {"N-32", "for a reason",
     "minute: attendance.record " M1 "family=mum role=parent-carer attended=none reason=ill\ncheck m1 N-32 met"},
    {"N-32", "all came", "check m1 N-32 na"},
    {"R-045", "no parent was heard", "check m1 R-045 open"},
    {"R-045", "one was", PARENT_HEARD "check m1 R-045 met"},
    {"R-060", "the plan does not take the child's perspective into account",
     INVITED CHILD_CONSIDERED("c1", "m1") HEARD_BEFORE("presented=yes considered=yes") PARENT_HEARD
     "d, r = chair: decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x + registration.add child=c1 "
     "decision=@1 name=\"Isla Reid\" impact=neglect + indicator.record child=c1 registration=@2 category=impact "
     "indicator=neglect evidence=x\n"
     "check m1 R-060 open \"Isla Reid\"\n"
     "chair: decision.record child=c2 meeting=m1 risk=no plan=no reasons=x + reporter.consider child=c1 meeting=m1 "
     "outcome=already-done + reporter.consider child=c2 meeting=m1 outcome=already-done\n" CLOSE " => R-060"},
    {"R-060", "it does",
     HEARD_BEFORE(
         "") "chair: decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x + registration.add child=c1 "
             "decision=@1 name=\"Isla Reid\" impact=neglect + indicator.record child=c1 registration=@2 "
             "category=impact indicator=neglect evidence=x\n"
             "anna: family-view.change " BOTH " view=w in-plan=x\ncheck m1 R-060 met"},
    {"R-066", "no views of a child who was not there",
     INVITED PARENT_HEARD DECIDED "check m1 R-066 open \"Isla Reid: views before and after the meeting\"\n" CLOSE
                                  " => R-066"},
    {"R-066", "those after can still come", READY CLOSE "\ncheck m1 R-066 open \"Isla Reid: views after the meeting\""},
    {"R-066", "both are there",
     READY "anna: family-view.record child=c1 meeting=m1 whose=child when=after method=observation words=x\n" CLOSE
           "\ncheck m1 R-066 met"},
    {"R-066", "the child was there", CHILD_THERE "check m1 R-066 met"},
    {"R-068", "not obtained", "check m1 R-068 open \"Isla Reid: not obtained\""},
    {"R-068", "not presented", HEARD_BEFORE("") "check m1 R-068 open \"Isla Reid: not presented\""},
    {"R-068", "not considered",
     INVITED PARENT_HEARD DECIDED HEARD_BEFORE(
         "presented=yes") "check m1 R-068 open \"Isla Reid: not considered\"\n" CLOSE "\n" APPROVE " => R-068"},
    {"R-068", "the chair goes on, with a reason",
     INVITED PARENT_HEARD DECIDED HEARD_BEFORE("") "chair: check.override " M1 "rule=R-068 reason=x\n" CLOSE
                                                   "\n" APPROVE},
    {"R-068", "all four",
     HEARD_BEFORE("") "minute: family-view.change " BOTH " view=w presented=yes considered=yes\ncheck m1 R-068 met"},
    {0},
};
