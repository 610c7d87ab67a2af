/* What the stories of the planning meeting share: one meeting about a girl and her unborn brother or sister. Included
 * by their files only. */
#ifndef CAIRN_TESTS_LIB_STORIES_MEETING_H
#define CAIRN_TESTS_LIB_STORIES_MEETING_H

#include "tests/lib/stories.h"

#define BOTH "child=c1 child=c2"
#define M1 BOTH " meeting=m1 "
/* A quorum of four, posts that chair, an age from which children count as older. */
#define OWN_PROFILE                                                                                                    \
  "admin: profile.adopt name=own version=1 quorum=social-work quorum=health quorum=police quorum=education "           \
  "chair-agency=social-work authority=x chair-post=\"Education and Families Manager\" older-child=7 "                  \
  "core-group-chair-agency=social-work notice=5 notice-unit=working-days family-notice=7 "                             \
  "family-notice-unit=calendar-days meeting-after-investigation=28 meeting-after-investigation-unit=calendar-days "    \
  "reconvene=10 reconvene-unit=working-days summary=1 summary-unit=working-days minute=10 minute-unit=working-days "   \
  "first-core-group=15 first-core-group-unit=working-days core-group=4 core-group-unit=weeks review=6 "                \
  "review-unit=months pre-birth-review=3 pre-birth-review-unit=months transfer=21 transfer-unit=working-days "         \
  "indicators=two-categories family-pack=scoped absent-invitee-copy=none excluded-parent-copy=no "                     \
  "exclusion-reason=open release-by=provider registration-by=chair reporter-sees-restricted=no "                       \
  "holiday=2026-11-30\n"
#define INVITED "anna: invitation.send " M1 "family=mum basis=family channel=post sent=2026-11-20\n"
/* Whose agency is not involved and was not invited is told of nothing and cannot name it. */
#define ASKED(who) "anna: invitation.send " M1 "person=" who " basis=need-to-know channel=post sent=2026-11-20\n"
#define INVOLVED(agency)                                                                                               \
  "anna: involvement.start child=c1 agency=" agency "\nanna: involvement.start child=c2 agency=" agency "\n"
#define DECIDED                                                                                                        \
  "chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x + "                                            \
  "decision.record child=c2 meeting=m1 risk=no plan=no reasons=x + "                                                   \
  "reporter.consider child=c1 meeting=m1 outcome=already-done + "                                                      \
  "reporter.consider child=c2 meeting=m1 outcome=already-done\n" CHILD_CONSIDERED("c1", "m1")
/* All that is asked for where there is no profile, and what a story leaves out of it. */
#define READY INVITED HEARD(BOTH, "m1") DECIDED
#define THERE(who, role)                                                                                               \
  "minute: attendance.record " M1 "person=" who " role=" role " attended=all basis=need-to-know\n"
#define CORE_AGENCIES                                                                                                  \
  THERE("anna", "lead-professional") THERE("hugh", "agency-participant") THERE("pete", "agency-participant")
#define CLOSE "chair: meeting.close " M1 "quorate=yes"
#define CLOSE_WITHOUT_QUORUM "chair: meeting.close " M1 "quorate=no reasons=x safeguards=x early-review=2026-12-14"
/* The commitment to the documents "x" and "x" with a salt of zeros, made with openssl (core/FORMAT.md section 13). */
#define COMMITMENT "95b93e7238007c75c643c0e17ed51a37015bbef9f040468de573d82f065b96b7"
#define ITS_COPY(kind, of) kind " " of "approval=@1 salt=00000000000000000000000000000000 html=x text=x"
#define APPROVE_AS(who, of, more)                                                                                      \
  who ": copy.approve " of "participants=" COMMITMENT " professionals=" COMMITMENT " family=" COMMITMENT more          \
      " + " ITS_COPY("copy.participants", of) " to=hugh + " ITS_COPY("copy.professionals",                             \
                                                                     of) " + " ITS_COPY("copy.family", of)
#define APPROVE APPROVE_AS("chair", M1, "")
/* A row of the checklist without a query. */
#define CONFIRMED(rule)                                                                                                \
  {                                                                                                                    \
    rule, "it is open until it is confirmed",                                                                          \
        "check m1 " rule " open\nchair: check.confirm " M1 "rule=" rule " answer=yes\ncheck m1 " rule " met"           \
  }

#endif
