#include "tests/lib/stories.h"

const char record_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n";

#define DECIDED                                                                                                        \
  "d, r = chair: decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x + registration.add child=c1 "         \
  "decision=@1 name=\"Isla Reid\" impact=neglect + indicator.record child=c1 registration=@2 category=impact "         \
  "indicator=neglect evidence=x\n"

const struct rule_story record_stories[] = {
    {"K-001", "the meeting's chair overrides", "chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed"},
    {"K-001", "another chair does not",
     "other-chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed => K-001"},
    {"K-010", "an author voids what they recorded",
     "v = hugh: child.add name=Double\n"
     "hugh: entry.void entry=v reason=\"recorded twice\""},
    {"K-010", "a practitioner of another agency does not",
     "anna: involvement.start child=c1 agency=health\nhugh: entry.void entry=c1 reason=x => K-010"},
    {"K-010", "nor does a colleague", "senior: entry.void entry=c1 reason=x => K-010"},
    {"K-010", "a chair does", "other-chair: entry.void entry=c1 reason=x"},
    {"K-010", "the keeper does", "keeper: entry.void entry=c1 reason=x seen-by=\"Health, Dr Hugh\""},
    {"K-013", "the chair who registered does not take a name off the register",
     DECIDED "chair: entry.void entry=r reason=x => K-013"},
    {"K-013", "the keeper does, of a registration in the wrong file", DECIDED "keeper: entry.void entry=r reason=x"},
    {"K-013", "that the family was told is no part of the register",
     DECIDED "t = anna: registration.tell child=c1 registration=r about=added way=verbally on=2026-12-01 told=x\n"
             "anna: entry.void entry=t reason=x"},
    {"K-014", "a decision does not go from under a registration",
     DECIDED "keeper: entry.void entry=d reason=x => K-014"},
    {"K-014", "both go", DECIDED "keeper: entry.void entry=d reason=x + entry.void entry=r reason=x"},
    {"K-014", "a decision that gave no ground",
     "d = chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x\n"
     "chair: entry.void entry=d reason=x"},
    {"K-015", "a registration is not erased while the name is on the register",
     DECIDED "keeper: entry.erase entry=r ground=request reason=x => K-015"},
    {"K-015", "nor is the child", DECIDED "keeper: entry.erase entry=c1 ground=request reason=x => K-015"},
    {"K-015", "what the register does not rest on is", DECIDED "keeper: entry.erase entry=m1 ground=unlawful reason=x"},
    {"K-015", "a child who is not registered is", "keeper: entry.erase entry=c1 ground=retention reason=x"},
    {"K-050", "a document comes with its file",
     "anna: document.add child=c1 meeting=m1 title=\"Health report\" type=report + document.file child=c1 "
     "document=@1 file=words"},
    {"K-050", "a document without a file", "anna: document.add child=c1 title=x type=report => K-050"},
    {"K-050", "a file that comes later",
     "f = anna: document.add child=c1 title=x type=report + document.file child=c1 document=@1 file=words\n"
     "anna: document.file child=c1 document=f file=\"other words\" => K-050"},
    {"K-050", "two files",
     "anna: document.add child=c1 title=x type=report + document.file child=c1 document=@1 file=words "
     "+ document.file child=c1 document=@1 file=\"other words\" => K-050"},
    {"void", "no voiding is voided",
     "v = anna: entry.void entry=m1 reason=x\n"
     "anna: entry.void entry=v reason=x => void"},
    {"void", "nobody leaves the directory by being voided", "keeper: entry.void entry=hugh reason=x => void"},
    {"void", "it is said in the right file",
     "c2 = anna: child.add name=Ben\n"
     "anna: entry.void child=c2 entry=m1 reason=x => void"},
    {"profile", "an entry is written under the profile in force",
     "profile national\n"
     "chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x"},
    {0},
};
