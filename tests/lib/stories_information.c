#include "tests/lib/stories_meeting.h"

/* A part without the mother, and what more is said of it. */
#define APART(more) "s = minute: segment.record " M1 "family=closed " more "\n"
#define CHANGED_PART(more) "chair: segment.change " BOTH " segment=s " more
#define ALL_OF_IT "from=10:40 until=11:00 out=mum reason=x prepared=yes explained=yes"
#define OPEN_PART "s = minute: segment.record " M1 "family=open from=10:00 until=10:40\n"
#define TOLD(more) "minute: information.record " M1 "summary=x " more
#define TOLD_CLOSED(more) "minute: information.closed " M1 "summary=x " more
#define OTHER_MEETING                                                                                                  \
  "m2 = anna: meeting.convene " BOTH " type=review on=2026-12-02T10:00:00Z chair=chair minute-taker=minute\n"
#define EXCLUDED_IN_PART "chair: exclusion.record " M1 "family=mum form=excluded-in-part ground=other\n"

const struct rule_story information_stories[] = {
    {"R-052", "nobody recorded the part", EXCLUDED_IN_PART "check m1 R-052 open \"Mary Reid\""},
    {"R-052", "the part says that somebody else was out",
     "dad = anna: family.add " BOTH " name=\"Tom Reid\" relation=father responsibilities=yes\n" EXCLUDED_IN_PART APART(
         "out=dad") "check m1 R-052 open \"Mary Reid\""},
    {"R-052", "she was out", EXCLUDED_IN_PART APART("out=mum") "check m1 R-052 met"},
    {"R-052", "she was excluded from all of it",
     "chair: exclusion.record " M1 "family=mum form=excluded ground=other\ncheck m1 R-052 na"},
    {"R-094", "the family was not prepared",
     APART("from=10:40 until=11:00 prepared=no") "check m1 R-094 open \"the part from 10:40 until 11:00\""},
    {"R-094", "nobody says whether they were", APART("") "check m1 R-094 open \"the part from ? until ?\""},
    {"R-094", "they were", APART("prepared=yes") "check m1 R-094 met"},
    {"R-094", "it is said afterwards", APART("") CHANGED_PART("prepared=yes") "\ncheck m1 R-094 met"},
    {"R-094", "the chair confirms it",
     APART("") "chair: check.confirm " M1 "rule=R-094 answer=yes\ncheck m1 R-094 met"},
    {"R-094", "the family was there all the time", OPEN_PART "check m1 R-094 na"},
    {"R-095", "the reasons were not explained",
     APART("prepared=yes explained=no") "check m1 R-095 open \"the part from ? until ?\""},
    {"R-095", "they were", APART("explained=yes") "check m1 R-095 met"},
    {"R-095", "the family was there all the time", "check m1 R-095 na"},
    {"K-080", "nothing is said about the closed part",
     READY APART("") "check m1 K-080 open \"when it began; when it ended; who was out; why\"\n" CLOSE " => K-080"},
    {"K-080", "not who was out",
     READY APART("from=10:40 until=11:00 reason=x") "check m1 K-080 open \"who was out\"\n" CLOSE " => K-080"},
    {"K-080", "who was out is taken back",
     READY APART(ALL_OF_IT) CHANGED_PART("clear=out") "\ncheck m1 K-080 open \"who was out\"\n" CLOSE " => K-080"},
    {"K-080", "all is said, some of it afterwards",
     READY APART("from=10:40 out=mum") CHANGED_PART("until=11:00 reason=x") "\ncheck m1 K-080 met\n" CLOSE},
    {"K-080", "of an open part nothing need be said",
     READY "minute: segment.record " M1 "family=open\ncheck m1 K-080 na\n" CLOSE},
    {"K-081", "recorded for the family, too", APART(ALL_OF_IT) TOLD("segment=s") " => K-081"},
    {"K-081", "or said to be so afterwards",
     APART(ALL_OF_IT) "i = " TOLD("") "\nminute: information.change " BOTH " information=i segment=s => K-081"},
    {"K-081", "a part that the family was told about is closed afterwards",
     OPEN_PART TOLD("segment=s") "\n" CHANGED_PART("family=closed") " => K-081"},
    {"K-081", "in one go",
     "minute: segment.record " M1 "family=closed + information.record " M1 "summary=x segment=@1 => K-081"},
    {"K-081", "recorded for the professionals", APART(ALL_OF_IT) TOLD_CLOSED("segment=s")},
    {"K-081", "what the family heard",
     OPEN_PART "i = " TOLD("segment=s") "\nminute: information.change " BOTH " information=i summary=y"},
    {"K-081", "what is not said to be of a part", APART(ALL_OF_IT) TOLD("")},
    {"K-082", "the part was open", OPEN_PART TOLD_CLOSED("segment=s") " => K-082"},
    {"K-082", "the part is opened afterwards",
     APART(ALL_OF_IT) TOLD_CLOSED("segment=s") "\n" CHANGED_PART("family=open") " => K-082"},
    {"K-082", "a part of another meeting",
     OTHER_MEETING APART(ALL_OF_IT) "minute: information.closed " BOTH " meeting=m2 summary=x segment=s => K-082"},
    {"K-082", "an open part of another meeting",
     OTHER_MEETING OPEN_PART "minute: information.record " BOTH " meeting=m2 summary=x segment=s => K-082"},
    {"K-082", "moved to a part of another meeting",
     OTHER_MEETING APART(ALL_OF_IT) "t = minute: segment.record " BOTH " meeting=m2 family=closed\ni = " TOLD_CLOSED(
         "segment=s") "\nminute: information.closed-change " BOTH " information=i segment=t => K-082"},
    {"K-082", "a closed part of this meeting, and put right",
     APART(ALL_OF_IT) "i = " TOLD_CLOSED("segment=s") "\nminute: information.closed-change " BOTH
                                                      " information=i summary=y"},
    {0},
};
