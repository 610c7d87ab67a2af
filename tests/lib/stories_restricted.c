#include "tests/lib/stories.h"

/* Hugh, of the health agency, provides; Anna may read it. */
const char restricted_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "anna: involvement.start child=c1 agency=health\n"
    "anna: involvement.start child=c1 agency=police\n"
    "anna: involvement.start child=c1 agency=third-sector\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
    "health-lead: agency.key agency=health seal=health-role\n"
    "lead: agency.key agency=social-work seal=agency-role\n"
    "e1 = keeper: escrow.key agency=social-work seal=escrow\n";

#define ADD "restricted.add child=c1 meeting=m1 category=at-risk what=kestrel basis=x "
#define HELD_BY_HEALTH "to=hugh to=health-role to=escrow "
#define ITEM "i1 = hugh: " ADD HELD_BY_HEALTH "to=anna\n"
#define OTHER_ITEM "i2 = hugh: " ADD HELD_BY_HEALTH "to=anna\n"
#define PERMIT(to) "restricted.permit item=i1 passes-on=i1 to=" to " "
#define REASON(to) "restricted.reason permit=@1 purpose=x to=" to " "
#define PERMITTED "p1, n1 = hugh: " PERMIT("pete") "+ " REASON("pete") "\n"
#define HUGH_LEAVES "health-officer: person.revoke person=hugh why=left\n"
#define BROKEN_GLASS "g1 = health-lead: restricted.break-glass item=i1 ground=risk-of-harm reason=x to=hugh\n"
#define REVIEW "restricted.review opening=g1 outcome=justified finding=x to=health-lead"

const struct rule_story restricted_stories[] = {
    {"R-091", "to whoever takes part for an agency",
     "anna: attendance.record child=c1 meeting=m1 person=pete role=agency-participant attended=all\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete"},
    {"R-091", "to whoever supports the family at that meeting",
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n"
     "hugh: " ADD HELD_BY_HEALTH "to=tess => R-091"},
    {"R-091", "or is invited for that",
     "anna: invitation.send child=c1 meeting=m1 person=tess basis=support channel=telephone sent=2026-11-20\n"
     "hugh: " ADD HELD_BY_HEALTH "to=tess => R-091"},
    {"R-091", "or observes for the Reporter",
     "anna: attendance.record child=c1 meeting=m1 person=ruth role=reporter-observer attended=all\n"
     "hugh: " ADD HELD_BY_HEALTH "to=ruth => R-091"},
    {"R-091", "that it is for no meeting does not help",
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n"
     "hugh: restricted.add child=c1 category=at-risk what=x basis=x " HELD_BY_HEALTH "to=tess => R-091"},
    {"R-091", "nor does a permit get round it",
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n" ITEM
     "hugh: " PERMIT("tess") "+ " REASON("tess") "=> R-091"},
    {"R-091", "whoever provides it knows it",
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n"
     "tess: " ADD "to=tess to=escrow to=anna"},
    {"R-091", "no profile loosens it",
     "profile national off=R-091\n"
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n"
     "hugh: " ADD HELD_BY_HEALTH "to=tess => R-091"},

    {"R-091", "nor makes it a matter of reasons",
     "profile national reason=R-091\n"
     "anna: attendance.record child=c1 meeting=m1 person=tess role=support attended=all\n"
     "anna: check.explain child=c1 meeting=m1 rule=R-091 reason=x\n"
     "hugh: " ADD HELD_BY_HEALTH "to=tess => R-091"},
    {"R-091", "but it may let the Reporter have it",
     "profile national reporter-sees-restricted=yes\n"
     "anna: attendance.record child=c1 meeting=m1 person=ruth role=reporter-observer attended=all\n"
     "hugh: " ADD HELD_BY_HEALTH "to=ruth"},
    {"R-091", "and not another observer",
     "profile national reporter-sees-restricted=yes\n"
     "anna: invitation.send child=c1 meeting=m1 person=tess basis=observer channel=telephone sent=2026-11-20\n"
     "hugh: " ADD HELD_BY_HEALTH "to=tess => R-091"},

    {"R-093", "its provider lets it go further", ITEM "hugh: " PERMIT("pete") "+ " REASON("pete")},
    {"R-093", "whoever may read it does not", ITEM "anna: " PERMIT("pete") "+ " REASON("pete") "=> R-093"},
    {"R-093", "nor does the lead while the provider is there",
     ITEM "health-lead: " PERMIT("pete") "+ " REASON("pete") "reason=x => R-093"},
    {"R-093", "but once the provider has left",
     ITEM HUGH_LEAVES "health-lead: " PERMIT("pete") "+ " REASON("pete") "reason=x"},
    {"R-093", "not a provider whose key was lost",
     ITEM "health-officer: key.revoke key=hugh why=lost\n"
          "health-lead: " PERMIT("pete") "+ " REASON("pete") "reason=x => R-093"},
    {"R-093", "and not the lead of another agency",
     ITEM HUGH_LEAVES "lead: " PERMIT("pete") "+ " REASON("pete") "reason=x => R-093"},
    {"R-093", "nor the provider's colleagues",
     ITEM HUGH_LEAVES "health-officer: " PERMIT("pete") "+ " REASON("pete") "reason=x => R-093"},
    {"R-093", "no profile loosens that",
     "profile national off=R-093\n" ITEM "anna: " PERMIT("pete") "+ " REASON("pete") "=> R-093"},
    {"R-093", "but it may leave it to the provider alone",
     "profile national release-by=provider\n" ITEM HUGH_LEAVES
     "health-lead: " PERMIT("pete") "+ " REASON("pete") "reason=x => R-093"},
    {"R-093", "nobody, of what was voided",
     ITEM "hugh: entry.void entry=i1 reason=x\n"
          "anna: " PERMIT("pete") "+ " REASON("pete") "=> R-093"},
    {"R-093", "its provider withdraws a permit",
     ITEM PERMITTED "hugh: restricted.withdraw permit=p1 "
                    "reason=x to=hugh"},
    {"R-093", "whoever got it does not",
     ITEM PERMITTED "pete: restricted.withdraw permit=p1 reason=x to=hugh => R-093"},
    {"R-093", "its provider shares it with everybody", ITEM "hugh: restricted.lift item=i1 reason=x to=hugh to=anna"},
    {"R-093", "whoever may read it does not say so", ITEM "anna: restricted.lift item=i1 reason=x to=hugh => R-093"},

    {"K-060", "to keys that count", "hugh: " ADD HELD_BY_HEALTH "to=anna"},
    {"K-060", "to somebody who has left",
     "admin: person.revoke person=pete why=left\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete => K-060"},
    {"K-060", "to a key that was revoked",
     "admin: key.revoke key=pete why=lost\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete => K-060"},
    {"K-060", "to somebody whose agency takes part no more",
     "admin: agency.revoke agency=police why=other\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete => K-060"},
    {"K-060", "to a role key that another one took the place of",
     "health-lead: agency.key agency=health seal=new-role\n"
     "hugh: " ADD HELD_BY_HEALTH "to=new-role => K-060"},
    {"K-060", "to an escrow key that another one took the place of",
     "keeper: escrow.key agency=social-work seal=new-escrow\n"
     "hugh: " ADD HELD_BY_HEALTH "to=new-escrow => K-060"},
    {"K-060", "to the one before, where the new one was revoked",
     "e2 = keeper: escrow.key agency=social-work seal=new-escrow\n"
     "admin: key.revoke key=e2 why=compromised\n"
     "hugh: " ADD HELD_BY_HEALTH "to=anna"},
    {"K-060", "a permit to somebody who has left",
     ITEM "admin: person.revoke person=pete why=left\n"
          "hugh: " PERMIT("pete") "+ " REASON("pete") "=> K-060"},

    {"K-061", "provider, role key and escrow key", "hugh: " ADD HELD_BY_HEALTH "to=anna"},
    {"K-061", "not without its provider", "hugh: " ADD "to=health-role to=escrow to=anna => K-061"},
    {"K-061", "not without the agency's role key", "hugh: " ADD "to=hugh to=escrow to=anna => K-061"},
    {"K-061", "another agency's is none", "hugh: " ADD "to=hugh to=agency-role to=escrow to=anna => K-061"},
    {"K-061", "not without the escrow key", "hugh: " ADD "to=hugh to=health-role to=anna => K-061"},
    {"K-061", "where there is no role key, without", "pete: " ADD "to=pete to=escrow to=anna"},
    {"K-061", "where there is no escrow key, without",
     "keeper: key.revoke key=e1 why=compromised\n"
     "hugh: " ADD "to=hugh to=health-role to=anna"},

    {"K-062", "to nobody who is kept out", "hugh: " ADD HELD_BY_HEALTH "to=anna"},
    {"K-062", "to somebody who is",
     "keeper: staff.bar child=c1 person=pete reason=x\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete => K-062"},
    {"K-062", "also by another record of the child",
     "c2 = anna: child.add name=\"I Reid\"\n"
     "anna: child.same child=c1 child=c2 reason=x\n"
     "keeper: staff.bar child=c2 person=pete reason=x\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete => K-062"},
    {"K-062", "a permit to somebody who is",
     ITEM "keeper: staff.bar child=c1 person=pete reason=x\n"
          "hugh: " PERMIT("pete") "+ " REASON("pete") "=> K-062"},
    {"K-062", "nor any more",
     "b = keeper: staff.bar child=c1 person=pete reason=x\n"
     "keeper: staff.unbar child=c1 bar=b reason=x\n"
     "hugh: " ADD HELD_BY_HEALTH "to=pete"},

    {"K-063", "one person, one purpose", ITEM "hugh: " PERMIT("pete") "+ " REASON("pete")},
    {"K-063", "without a purpose", ITEM "hugh: " PERMIT("pete") "=> K-063"},
    {"K-063", "two persons", ITEM "hugh: " PERMIT("pete") "to=tess + " REASON("pete") "=> K-063"},
    {"K-063", "an agency's role key", ITEM "hugh: " PERMIT("agency-role") "+ " REASON("lead") "=> K-063"},
    {"K-063", "two purposes", ITEM "hugh: " PERMIT("pete") "+ " REASON("pete") "+ " REASON("pete") "=> K-063"},
    {"R-093", "more is said of why", ITEM PERMITTED "hugh: restricted.reason permit=p1 purpose=x to=pete"},
    {"R-093", "by nobody else", ITEM PERMITTED "pete: restricted.reason permit=p1 purpose=x reason=x to=hugh => R-093"},

    {"K-064", "what the item says", ITEM "hugh: " PERMIT("pete") "+ " REASON("pete")},
    {"K-064", "what another one says",
     ITEM OTHER_ITEM "hugh: restricted.permit item=i1 passes-on=i2 to=pete + " REASON("pete") "=> K-064"},
    {"K-064", "of an item that is restricted no more",
     ITEM "hugh: restricted.lift item=i1 reason=x to=hugh\n"
          "hugh: " PERMIT("pete") "+ " REASON("pete") "=> K-064"},
    {"K-064", "of an item that was voided",
     ITEM "hugh: entry.void entry=i1 reason=x\n"
          "hugh: " PERMIT("pete") "+ " REASON("pete") "=> K-064"},

    {"K-065", "the same words again are another item", ITEM OTHER_ITEM},
    {"K-065", "the same content, by whoever may read it",
     ITEM "anna: " ADD "passes-on=i1 to=anna to=agency-role to=escrow to=pete => K-065"},
    {"K-065", "or by whoever was permitted to",
     ITEM PERMITTED "hugh: entry.void entry=i1 reason=x\n"
                    "pete: " ADD "passes-on=p1 to=pete to=escrow to=tess => K-065"},

    {"K-066", "the provider needs to say no more", ITEM "hugh: " PERMIT("pete") "+ " REASON("pete")},
    {"K-066", "the lead says why", ITEM HUGH_LEAVES "health-lead: " PERMIT("pete") "+ " REASON("pete") "reason=x"},
    {"K-066", "and not only what for", ITEM HUGH_LEAVES "health-lead: " PERMIT("pete") "+ " REASON("pete") "=> K-066"},

    {"K-067", "the provider's agency's lead", ITEM BROKEN_GLASS},
    {"K-067", "another agency's lead",
     ITEM "lead: restricted.break-glass item=i1 ground=risk-of-harm reason=x to=hugh => K-067"},
    {"K-067", "also of what was voided",
     ITEM "hugh: entry.void entry=i1 reason=x\n"
          "lead: restricted.break-glass item=i1 ground=risk-of-harm reason=x to=hugh => K-067"},

    {"K-068", "the keeper reviews", ITEM BROKEN_GLASS "keeper: " REVIEW},
    {"K-068", "the provider reviews", ITEM BROKEN_GLASS "hugh: " REVIEW},
    {"K-068", "nobody reviews what they opened themselves", ITEM BROKEN_GLASS "health-lead: " REVIEW " => K-068"},
    {"K-068", "nor does anybody else", ITEM BROKEN_GLASS "anna: " REVIEW " => K-068"},

    {"K-075", "whoever it is sealed to says that they opened it",
     ITEM "anna: restricted.open item=i1 how=own-key to=hugh"},
    {"K-075", "nobody else does", ITEM "health-lead: restricted.open item=i1 how=own-key to=hugh => K-075"},
    {"K-075", "the escrow key is the keeper's", ITEM "anna: restricted.open item=i1 how=escrow to=hugh => K-075"},
    {"K-069", "the provider is told", ITEM "anna: restricted.open item=i1 how=own-key to=hugh"},
    {"K-069", "somebody else is", ITEM "anna: restricted.open item=i1 how=own-key to=pete => K-069"},
    {"K-069", "of what was permitted, the item's provider or who permitted it",
     ITEM HUGH_LEAVES "p1, n1 = health-lead: " PERMIT("pete") "+ " REASON(
         "pete") "reason=x\n"
                 "pete: restricted.open item=p1 how=own-key to=hugh\n"
                 "pete: restricted.open item=p1 how=own-key to=health-lead\n"
                 "pete: restricted.open item=p1 how=own-key to=anna => K-069"},
    {"K-069", "also of what was voided",
     ITEM "hugh: entry.void entry=i1 reason=x\n"
          "anna: restricted.open item=i1 how=own-key to=anna => K-069"},
    {"K-069", "and when the glass was broken",
     ITEM "health-lead: restricted.break-glass item=i1 ground=risk-of-harm reason=x to=anna => K-069"},
    {"K-069", "and of what does not open",
     ITEM "anna: restricted.fault item=i1 to=hugh\n"
          "anna: restricted.fault item=i1 to=anna => K-069"},

    {"K-074", "its provider voids an item", ITEM "hugh: entry.void entry=i1 reason=x"},
    {"K-074", "a chair does not", ITEM "chair: entry.void entry=i1 reason=x => K-074"},
    {"K-074", "nor does the keeper", ITEM "keeper: entry.void entry=i1 reason=x => K-074"},
    {"K-074", "nor a permit that went to their agency",
     ITEM "p1, n1 = hugh: " PERMIT("lead") "+ " REASON("lead") "\nchair: entry.void entry=p1 reason=x => K-074"},
    {"K-074", "what is open has its own rule", "anna: entry.void entry=m1 reason=x"},

    {"restricted", "what is restricted stands in an act of its own",
     "hugh: " ADD HELD_BY_HEALTH "+ whereabouts.record child=c1 state=unknown on=2026-11-20 => restricted"},
    {0},
};
