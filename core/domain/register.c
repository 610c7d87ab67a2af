#include "core/domain/domain.h"

/* The two categories of risk indicators, and the areas of concern. How they correspond is
 * in core/FORMAT.md section 8. */
#define IMPACTS                                                                                                        \
  "physical-abuse|emotional-abuse|sexual-abuse|criminal-exploitation|child-trafficking|neglect|"                       \
  "female-genital-mutilation|honour-based-abuse-or-forced-marriage|child-sexual-exploitation|"                         \
  "internet-enabled-sexual-offending|underage-sex|other"
#define VULNERABILITIES                                                                                                \
  "services-finding-it-hard-to-engage|parent-with-learning-disability|parental-mental-ill-health|"                     \
  "child-mental-health|domestic-abuse|parental-alcohol-use|parental-drug-use|child-harmful-sexual-behaviour|"          \
  "online-safety|other"
#define AREAS                                                                                                          \
  "physical-abuse|emotional-abuse|sexual-abuse|neglect|domestic-abuse|parental-substance-misuse|"                      \
  "parental-mental-health|non-engaging-family|child-sexual-exploitation|trafficking|other"
#define INDICATORS                                                                                                     \
  "physical-abuse|emotional-abuse|sexual-abuse|criminal-exploitation|child-trafficking|neglect|"                       \
  "female-genital-mutilation|honour-based-abuse-or-forced-marriage|child-sexual-exploitation|"                         \
  "internet-enabled-sexual-offending|underage-sex|services-finding-it-hard-to-engage|"                                 \
  "parent-with-learning-disability|parental-mental-ill-health|child-mental-health|domestic-abuse|"                     \
  "parental-alcohol-use|parental-drug-use|child-harmful-sexual-behaviour|online-safety|parental-substance-misuse|"     \
  "parental-mental-health|non-engaging-family|trafficking|other"

#define CHILD ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child")
#define REGISTRATION ENTRY_OF_CHILD("registration", "registration.add|registration.temporary", "the registration")
#define AUTHORISER                                                                                                     \
  ENTRY("authoriser", IN_REF, "person.add", 0, 1, "who authorised it, where somebody else enters it (R-126)")

/* What the register says about a child, so that an enquiry can be answered from it (N-05, N-17). What would put anyone
 * at risk, such as an address that is not known to all, does not belong here. */
#define DETAILS(name_least)                                                                                            \
  TEXT("name", IN_CONTENT, 200, name_least, 1, "the child's name (N-05)"),                                             \
      TEXT("alias", IN_CONTENT, 200, 0, 16, "each other name"), DATE("born", IN_CONTENT, 0, "date of birth"),          \
      DATE("due", IN_CONTENT, 0, "expected date of birth of an unborn baby (N-01)"),                                   \
      TEXT("mother", IN_CONTENT, 200, 0, 1, "the mother's name"),                                                      \
      TEXT("gender", IN_CONTENT, 100, 0, 1, "the child's gender"),                                                     \
      TEXT("address", IN_CONTENT, 500, 0, 1, "where the child lives, unless that must not be known"),                  \
      TEXT("religion", IN_CONTENT, 300, 0, 1, "religion, race and culture"),                                           \
      TEXT("language", IN_CONTENT, 300, 0, 1, "the language spoken"),                                                  \
      TEXT("legal-status", IN_CONTENT, 1000, 0, 1, "legal status and orders"),                                         \
      TEXT("family", IN_CONTENT, 500, 0, 32, "each parent, carer, household adult and holder of responsibilities"),    \
      TEXT("other-child", IN_CONTENT, 300, 0, 32, "each other child of the household or family"),                      \
      TEXT("gp", IN_CONTENT, 300, 0, 1, "the family doctor"),                                                          \
      TEXT("referral", IN_CONTENT, 2000, 0, 1, "the reason for referral, and whether it was substantiated"),           \
      TEXT("informed", IN_CONTENT, 300, 0, 32, "each agency involved, and when it was informed"),                      \
      TEXT("needs", IN_CONTENT, 1000, 0, 1, "disability and communication needs"),                                     \
      TEXT("keyworker", IN_CONTENT, 500, 0, 1, "the key worker, and how to reach them")

/* All areas of concern, not one primary category (R-114, N-06). */
#define CONCERNS                                                                                                       \
  CODE("impact", IN_CONTENT, IMPACTS, 0, 12,                                                                           \
       "each impact on, or abuse of, the child; none is the primary one (R-110, N-06)"),                               \
      CODE("vulnerability", IN_CONTENT, VULNERABILITIES, 0, 10, "each vulnerability factor (R-111)"),                  \
      CODE("area", IN_CONTENT, AREAS, 0, 11, "each area of concern, where these are used (R-115, R-116)"),             \
      TEXT("other", IN_CONTENT, 1000, 0, 1, "what \"other\" stands for")
#define REVIEW DATE("review", IN_FACT, 0, "date of the next review")

#define REGISTER                                                                                                       \
  "INSERT INTO registration(object, number, child, name, decision, authority, details, since, by) "                    \
  "VALUES(:id, :entry_number, :child, :name, "
#define EVENT(what, decision, authoriser)                                                                              \
  "INSERT INTO registration_event(object, entry, number, what, decision, authoriser, admitted, by) "                   \
  "VALUES(:object, :id, :entry_number, '" what "', " decision ", " authoriser ", :admitted, :by)"
/* The columns that rules and lists ask. */
#define DRAWN                                                                                                          \
  "UPDATE registration SET name = json_extract(details, '$.name'), alias = json_extract(details, '$.alias'), "         \
  "born = json_extract(details, '$.born'), due = json_extract(details, '$.due'), "                                     \
  "mother = json_extract(details, '$.mother'), gender = json_extract(details, '$.gender'), "                           \
  "address = json_extract(details, '$.address'), impact = json_extract(details, '$.impact'), "                         \
  "vulnerability = json_extract(details, '$.vulnerability'), area = json_extract(details, '$.area'), "                 \
  "other = json_extract(details, '$.other'), review = json_extract(details, '$.review'), "                             \
  "until_date = json_extract(details, '$.until') WHERE object = :object"
/* What is cleared goes, what is said comes, the rest stays. */
#define NEW_DETAILS                                                                                                    \
  "UPDATE registration SET details = json_patch(json_patch(details, "                                                  \
  "(SELECT json_group_object(value, NULL) FROM json_each(:clear))), "                                                  \
  "json_remove(:fields, '$.child', '$.registration', '$.authoriser', '$.reason', '$.clear')) WHERE object = :object"
#define DETAILS_TO_CLEAR                                                                                               \
  CLEAR("alias|born|due|mother|gender|address|religion|language|legal-status|family|other-child|gp|referral|informed|" \
        "needs|keyworker|impact|vulnerability|area|other|review")
#define ENDED                                                                                                          \
  "UPDATE registration SET removed = coalesce(removed, :admitted), ending = coalesce(ending, :fields), "               \
  "removed_number = coalesce(removed_number, :entry_number) WHERE object = :object"

/* clang-format off */
#define CONTACT_SET \
  CHANGED("phone", "phone", "phone") ", " \
  CHANGED("email", "email", "email") ", " \
  CHANGED("hours", "hours", "hours")
/* clang-format on */

/* The register is held by social work, maintained by its keeper, and updated by business support with
 * what the keeper or a meeting's chair authorised. */
#define KEEPER_S_SIDE IN("social-work", ROLE_KEEPER), IN("social-work", ROLE_BUSINESS_SUPPORT)

const struct kind register_kinds[] = {
    {
        .name = "registration.add",
        .help = "a child's name is added to the Child Protection Register, which alerts and has no legal status (N-01, "
                "N-02); stands in the act of the decision",
        .audience = AUDIENCE_REGISTER,
        WRITERS(ANY(ROLE_CHAIR), IN("social-work", ROLE_KEEPER)),
        FIELDS(CHILD, ENTRY("decision", IN_REF, "decision.record", 1, 1, "the decision that a plan is required"),
               DETAILS(1), CONCERNS, REVIEW),
        .views = "registration registration_event",
        .project = {REGISTER ":decision, NULL, :fields, :admitted, :by)", DRAWN, EVENT("add", ":decision", "NULL")},
        .line = "name",
        .searched = "name alias mother born due",
        .as_child = "name alias born due gender",
    },
    {
        .name = "indicator.record",
        .help = "a risk indicator or area of concern of a registration, with its evidence (R-112, R-117)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), IN("social-work", ROLE_KEEPER)),
        FIELDS(CHILD, REGISTRATION,
               CODE("category", IN_FACT, "impact|vulnerability|area", 1, 1, "in which list it stands (R-109)"),
               CODE("indicator", IN_FACT, INDICATORS, 1, 1, "which one"),
               TEXT("evidence", IN_CONTENT, 4000, 1, 1, "what supports it")),
        .views = "indicator",
        .project = {"INSERT INTO indicator(object, number, child, registration, category, indicator, evidence, by) "
                    "VALUES(:id, :entry_number, :child, :registration, :category, :indicator, :evidence, :by)"},
        .line = "indicator",
    },
    {
        .name = "registration.amend",
        .help =
            "what the register says about a child has changed; its keeper or business support enters it (R-124, R-125)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(CHILD, REGISTRATION, AUTHORISER, DETAILS(0), CONCERNS, REVIEW, DETAILS_TO_CLEAR,
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why")),
        .object = "registration",
        .is_change = true,
        .project = {NEW_DETAILS, DRAWN, EVENT("amend", "NULL", ":authoriser")},
        .line = "reason",
        .searched = "name alias mother born due",
    },
    {
        .name = "registration.correct",
        .help = "what the register said about a child was wrong (N-12)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(CHILD, REGISTRATION, AUTHORISER, DETAILS(0), CONCERNS, REVIEW, DETAILS_TO_CLEAR,
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "what was wrong")),
        .object = "registration",
        .is_change = true,
        .project = {NEW_DETAILS, DRAWN, EVENT("correct", "NULL", ":authoriser")},
        .line = "reason",
        .searched = "name alias mother born due",
    },
    {
        .name = "registration.continue",
        .help = "a meeting decided that a child on the register still requires a plan (R-008)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(ANY(ROLE_CHAIR), KEEPER_S_SIDE),
        FIELDS(CHILD, ENTRY_OF_CHILD("registration", "registration.add", "the registration"),
               ENTRY("decision", IN_REF, "decision.record", 1, 1, "the decision that a plan is still required"),
               AUTHORISER, REVIEW),
        .object = "registration",
        .says_anew = "review",
        .project = {"UPDATE registration SET details = json_set(details, '$.review', :review) WHERE object = :object "
                    "AND :review IS NOT NULL",
                    DRAWN, EVENT("continue", ":decision", ":authoriser")},
        .line = "decision",
    },
    {
        .name = "registration.remove",
        .help = "a quorate review meeting decided that no plan is required any more: the name is removed (N-09, N-10)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(ANY(ROLE_CHAIR), KEEPER_S_SIDE),
        FIELDS(CHILD, ENTRY_OF_CHILD("registration", "registration.add", "the registration"),
               ENTRY("decision", IN_REF, "decision.record", 1, 1, "the decision of the review meeting"), AUTHORISER,
               TEXT("lead-professional", IN_CONTENT, 1000, 0, 1,
                    "whether there is another lead professional, and how it passes to them (N-11)"),
               TEXT("plan", IN_CONTENT, 2000, 0, 1, "how the child's plan is amended (N-11)"),
               TEXT("services", IN_CONTENT, 2000, 0, 1, "which services go on (N-11)")),
        .object = "registration",
        .project = {ENDED, EVENT("remove", ":decision", ":authoriser")},
        .line = "decision",
    },
    {
        .name = "registration.temporary",
        .help = "a child on another authority's register stays here for a time",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(CHILD, AUTHORISER, TEXT("authority", IN_CONTENT, 200, 1, 1, "on whose register the child is"),
               TEXT("contact", IN_CONTENT, 500, 0, 1, "whom to ask there"),
               DATE("until", IN_FACT, 0, "until when the child is expected to stay"), DETAILS(1), CONCERNS),
        .views = "registration registration_event",
        .project = {REGISTER "NULL, :authority, :fields, :admitted, :by)", DRAWN,
                    EVENT("temporary", "NULL", ":authoriser")},
        .line = "name",
        .searched = "name alias mother born due",
        .as_child = "name alias born due gender",
    },
    {
        .name = "registration.temporary-end",
        .help = "a child on another authority's register does not stay here any more",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(CHILD, ENTRY_OF_CHILD("registration", "registration.temporary", "the temporary registration"),
               AUTHORISER, TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "registration",
        .project = {ENDED, EVENT("temporary-end", "NULL", ":authoriser")},
        .line = "reason",
    },
    {
        .name = "registration.tell",
        .help =
            "the family was told what the register holds and who sees it, or that the name was removed (N-07, N-11)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), KEEPER_S_SIDE),
        FIELDS(CHILD, REGISTRATION, CODE("about", IN_FACT, "added|removed", 1, 1, "what they were told about"),
               CODE("way", IN_FACT, "verbally|in-writing", 1, 2, "each way in which they were told"),
               DATE("on", IN_FACT, 1, "when"), TEXT("told", IN_CONTENT, 1000, 1, 1, "who was told, and by whom")),
        .views = "registration_told",
        .project = {"INSERT INTO registration_told(object, number, registration, about, ways, told_on, told) "
                    "VALUES(:id, :entry_number, :registration, :about, :way, :on, :told)"},
        .line = "told",
    },
    {
        .name = "register.alert",
        .help = "a system or organisation was alerted to a registration or its end, such as Police Scotland's iVPD "
                "(N-08, N-14)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), KEEPER_S_SIDE),
        FIELDS(CHILD, REGISTRATION, ENTRY("agency", IN_REF, "agency.add", 0, 1, "the agency whose system it is"),
               CODE("about", IN_FACT, "added|changed|removed", 1, 1, "what they were alerted to"),
               DATE("sent", IN_FACT, 1, "when"), TEXT("system", IN_CONTENT, 300, 1, 1, "the system or organisation")),
        .views = "register_alert",
        .project = {"INSERT INTO register_alert(object, number, registration, about, agency, sent, system) "
                    "VALUES(:id, :entry_number, :registration, :about, :agency, :sent, :system)"},
        .line = "system",
    },
    {
        .name = "register.notify",
        .help = "something about a child on the register has changed, for the keeper to enter (N-15)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR)),
        FIELDS(CHILD, REGISTRATION, TEXT("change", IN_CONTENT, 2000, 1, 1, "what has changed")),
        .views = "register_notice",
        .project = {"INSERT INTO register_notice(object, number, child, registration, change, by) "
                    "VALUES(:id, :entry_number, :child, :registration, :change, :by)"},
        .line = "change",
    },
    {
        .name = "register.enquire",
        .help = "somebody asked whether a child is on the register, and what was found (N-13, N-17)",
        .audience = AUDIENCE_NAMED,
        .is_for_keeper = true,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_DESIGNATED_LEAD),
                ANY(ROLE_KEEPER), ANY(ROLE_BUSINESS_SUPPORT)),
        FIELDS(ENTRY("found", IN_REF, "registration.add|registration.temporary", 0, 32,
                     "each registration that was shown"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "the name that was asked for"),
               DATE("born", IN_CONTENT, 0, "the date of birth that was asked for"),
               DATE("due", IN_CONTENT, 0, "the expected date of birth that was asked for"),
               TEXT("mother", IN_CONTENT, 200, 0, 1, "the mother's name that was asked for"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why"),
               TEXT("asked-by", IN_CONTENT, 300, 0, 1, "on whose behalf, where it is somebody else")),
        .views = "register_enquiry",
        .project = {"INSERT INTO register_enquiry(object, number, name, born, due, mother, reason, asked_by, found, "
                    "admitted, by) VALUES(:id, :entry_number, :name, :born, :due, :mother, :reason, :asked_by, "
                    ":found, :admitted, :by)"},
        .command = "",
        .line = "name",
    },
    {
        .name = "register.entitle",
        .help = "whether an agency may consult the register, other than what holds for agencies of its type",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_KEEPER)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency"),
               CODE("may", IN_FACT, YES_NO, 1, 1, "may it consult the register from now on?"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .views = "entitlement",
        .project = {"INSERT INTO entitlement(object, number, agency, may) VALUES(:id, :entry_number, :agency, :may)"},
        .stands_alone = true,
        .line = "agency",
        .operand = "agency",
    },
    {
        .name = "register.contact",
        .help = "where another authority's register is asked (N-15)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(TEXT("authority", IN_CONTENT, 200, 1, 1, "the authority"),
               TEXT("phone", IN_CONTENT, 100, 0, 1, "telephone"), TEXT("email", IN_CONTENT, 200, 0, 1, "secure e-mail"),
               TEXT("hours", IN_CONTENT, 300, 0, 1, "when it answers, and whom to ask at other times")),
        .views = "register_contact",
        .project = {"INSERT INTO register_contact(object, number, authority, phone, email, hours) "
                    "VALUES(:id, :entry_number, :authority, :phone, :email, :hours)"},
        .line = "authority",
    },
    {
        .name = "register.contact-change",
        .help = "where another authority's register is asked has changed (N-15)",
        .audience = AUDIENCE_REGISTER,
        WRITERS(KEEPER_S_SIDE),
        FIELDS(ENTRY("contact", IN_REF, "register.contact", 1, 1, "what has changed"),
               TEXT("authority", IN_CONTENT, 200, 0, 1, "the authority"),
               TEXT("phone", IN_CONTENT, 100, 0, 1, "telephone"), TEXT("email", IN_CONTENT, 200, 0, 1, "secure e-mail"),
               TEXT("hours", IN_CONTENT, 300, 0, 1, "when it answers, and whom to ask at other times"),
               CLEAR("phone|email|hours")),
        .object = "contact",
        .is_change = true,
        .project = {"UPDATE register_contact SET authority = coalesce(:authority, authority), " CONTACT_SET
                    " WHERE object = :object"},
        .line = "authority",
    },
    {0},
};

/* Registrations r that the act adds or says anew. */
#define TOUCHED                                                                                                        \
  "r.object IN (SELECT object FROM registration_event WHERE number BETWEEN :first AND :last) AND r.authority IS NULL "
/* What v becomes of registrations r in the act, by the decision d of the meeting m. */
#define EVENTS                                                                                                         \
  "FROM registration_event v JOIN registration r ON r.object = v.object LEFT JOIN decision d ON d.object = "           \
  "v.decision LEFT JOIN meeting m ON m.object = d.meeting WHERE v.number BETWEEN :first AND :last "
#define ADDED EVENTS "AND v.what = 'add' "
#define ADDED_OR_CONTINUED EVENTS "AND v.what IN ('add', 'continue') "
#define REMOVED EVENTS "AND v.what = 'remove' "
#define OF_ANOTHER_CHILD "d.child NOT IN " SAME_CHILDREN("r.child")
#define BY_CHAIR SQL_IS_KEY_OF("v.by", "m.chair")
#define BY_KEEPER SQL_KEY_HAS_ROLE("v.by", "keeper")

/* What the node refused stays here until somebody deals with it, and stands in nobody's way. */
#define WAS_REFUSED(number_)                                                                                           \
  "EXISTS (SELECT 1 FROM entry oe JOIN outbox ob ON ob.act = oe.act WHERE oe.number = " number_                        \
  " AND ob.state = 'refused')"

#define SETTING_HAS(setting, value)                                                                                    \
  "EXISTS (SELECT 1 FROM setting st, json_each(st.value) sv WHERE st.object = :profile AND st.name = '" setting "' "   \
  "AND sv.value = '" value "')"
#define SETTING_LACKS(setting, value)                                                                                  \
  "(EXISTS (SELECT 1 FROM setting WHERE object = :profile AND name = '" setting "') "                                  \
  "AND NOT " SETTING_HAS(setting, value) ")"
#define NO_KEEPER SETTING_LACKS("registration-by", "keeper")
#define HAS_AREAS SETTING_HAS("indicators", "four-areas")
#define NO_AREAS SETTING_LACKS("indicators", "four-areas")
#define NO_CATEGORIES SETTING_LACKS("indicators", "two-categories")

#define LISTED(category)                                                                                               \
  "SELECT r.object AS registration, '" category "' AS category, l.value AS indicator "                                 \
  "FROM registration r, json_each(r." category ") l WHERE " TOUCHED
#define LISTED_AT_ALL LISTED("impact") "UNION ALL " LISTED("vulnerability") "UNION ALL " LISTED("area")
#define UNSAID(category)                                                                                               \
  "SELECT 'broken' FROM registration r, json_each(r." category ") l WHERE " TOUCHED                                    \
  "AND l.value = 'other' AND r.other IS NULL"
/* Who may authorise what v somebody else enters. */
#define AUTHORISED                                                                                                     \
  "(v.authoriser IS NOT NULL AND NOT " SQL_IS_KEY_OF(                                                                  \
      "v.by", "v.authoriser") " AND (v.authoriser IS m.chair OR " SQL_HAS_ROLE("v.authoriser", "keeper") "))"

/* Registrations and removals that rest on this meeting's decisions. */
#define OF_MEETING                                                                                                     \
  "FROM registration_event v JOIN decision d ON d.object = v.decision JOIN registration r ON r.object = v.object "     \
  "WHERE d.meeting = :meeting "
#define ADDED_BY_MEETING OF_MEETING "AND v.what = 'add' "
#define REMOVED_BY_MEETING OF_MEETING "AND v.what = 'remove' "
#define TOLD(about, way)                                                                                               \
  "EXISTS (SELECT 1 FROM registration_told t, json_each(t.ways) w WHERE t.registration = v.object "                    \
  "AND t.about = '" about "' AND w.value = '" way "')"
#define TOLD_IN_BOTH_WAYS "(" TOLD("added", "verbally") " AND " TOLD("added", "in-writing") ")"

#define PROCEDURE "Child Protection Planning Meetings procedure, risk indicators"
#define NOTE "Participating in Child Protection Planning Meetings practice note, reasons for registration"
#define GUIDANCE "National Guidance for Child Protection in Scotland, the Child Protection Register"

const struct rule register_rules[] = {
    {
        .number = "N-03",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.add registration.continue",
        .words =
            "a name is placed on the register by the decision of a planning meeting, and the decision that is named "
            "counts no more",
        .remedy = "name the decision that counts; for a child on another authority's register: "
                  "cairn registration temporary",
        .source = GUIDANCE,
        .query = "SELECT 'broken' " ADDED_OR_CONTINUED "AND m.object IS NULL",
    },
    {
        .number = "R-009",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.add registration.continue",
        .words = "the deciding meeting did not decide that this child requires a Child Protection Plan, "
                 "so it gives no ground for a registration",
        .remedy = "name the decision for this child that says a plan is required, or record one",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting (implied)",
        /* Nor does a decision from before the name was removed. */
        .query = "SELECT 'broken' " ADDED_OR_CONTINUED "AND (d.plan IS NOT 'yes' OR " OF_ANOTHER_CHILD
                 " OR EXISTS (SELECT 1 FROM registration o WHERE o.removed_number BETWEEN d.number AND v.number "
                 "AND o.child IN " SAME_CHILDREN("r.child") "))",
    },
    {
        .number = "N-04",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.add",
        .words =
            "a name is placed on the register where there are reasonable grounds to suspect significant harm and a "
            "plan is needed, and the meeting did not find the child at risk",
        .remedy = "name the decision for this child that says it is at risk and a plan is required, or record one",
        .source = GUIDANCE,
        .query = "SELECT 'broken' " ADDED "AND d.risk IS NOT 'yes'",
    },
    {
        .number = "N-12",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.add registration.temporary",
        .words = "the child's name is on the register already, and the register is accurate at all times",
        .remedy = "continue the registration: cairn registration continue --registration R --decision D",
        .source = GUIDANCE,
        .query = "SELECT 'broken' FROM registration r JOIN registration o ON o.child IN " SAME_CHILDREN(
            "r.child") " WHERE r.number BETWEEN :first AND :last AND o.number < r.number "
                       "AND (o.authority IS NULL) = (r.authority IS NULL) AND coalesce(o.removed_number > r.number, 1) "
                       "AND NOT " WAS_REFUSED("o.number"),
    },
    {
        .number = "R-112",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.add",
        .words =
            "the chair of the deciding meeting registers the child and identifies the risk indicators, or the keeper "
            "where the profile says so",
        .remedy = "ask the chair of the meeting to record it",
        .source = PROCEDURE,
        .query = "SELECT 'broken' " ADDED "AND NOT " BY_CHAIR " AND (" NO_KEEPER " OR NOT " BY_KEEPER ")",
    },
    {
        .number = "R-113",
        .class = RULE_HARD,
        .gates = "registration.add registration.amend registration.correct",
        .words = "the risk indicators are recorded on the register, and this registration has none",
        .remedy = "record each with --impact or --vulnerability, or the area of concern with --area",
        .source = PROCEDURE,
        .query = "SELECT 'broken' FROM registration r WHERE " TOUCHED
                 "AND coalesce(r.impact, r.vulnerability, r.area) IS NULL",
        .may_override = true,
    },
    {
        .number = "R-109",
        .class = RULE_REASON,
        .gates = "registration.add",
        .words = "risk indicators are drawn from the lists of the profile, and this registration draws on another one",
        .remedy = "use --impact and --vulnerability under the two categories, --area under the four areas of concern",
        .source = PROCEDURE,
        .query = "SELECT 'broken' FROM registration r WHERE " TOUCHED "AND ((r.area IS NOT NULL AND " NO_AREAS
                 ") OR (coalesce(r.impact, r.vulnerability) IS NOT NULL AND " NO_CATEGORIES "))",
    },
    {
        .number = "R-110",
        .class = RULE_HARD,
        .gates = "registration.add registration.amend registration.correct",
        .words = "another impact on, or abuse of, the child is recorded, and not what it is",
        .remedy = "say what with --other",
        .source = PROCEDURE,
        .query = UNSAID("impact"),
        .may_override = true,
    },
    {
        .number = "R-111",
        .class = RULE_HARD,
        .gates = "registration.add registration.amend registration.correct",
        .words = "another vulnerability factor is recorded, and not what it is",
        .remedy = "say what with --other",
        .source = PROCEDURE,
        .query = UNSAID("vulnerability"),
        .may_override = true,
    },
    {
        .number = "R-115",
        .class = RULE_HARD,
        .gates = "registration.add",
        .words = "each child's name is registered under one or more of the four main areas of concern, and this one is "
                 "under none",
        .remedy = "record --area physical-abuse, emotional-abuse, sexual-abuse or neglect",
        .source = NOTE,
        .query = "SELECT 'broken' FROM registration r WHERE " TOUCHED "AND " HAS_AREAS
                 " AND NOT EXISTS (SELECT 1 FROM json_each(r.area) l "
                 "WHERE l.value IN ('physical-abuse', 'emotional-abuse', 'sexual-abuse', 'neglect'))",
        .may_override = true,
    },
    {
        .number = "R-114",
        .class = RULE_HARD,
        .gates = "indicator.record",
        .words = "all areas of concern are recorded as part of the registration, and this indicator is not one of its",
        .remedy = "record it in the registration, too: cairn registration amend --impact ... (with all that are there)",
        .source = NOTE,
        .query = "SELECT 'broken', i.indicator FROM indicator i JOIN registration r ON r.object = i.registration "
                 "WHERE i.number BETWEEN :first AND :last AND NOT EXISTS (SELECT 1 FROM json_each(CASE i.category "
                 "WHEN 'impact' THEN r.impact WHEN 'vulnerability' THEN r.vulnerability ELSE r.area END) l "
                 "WHERE l.value = i.indicator)",
        .may_override = true,
    },
    {
        .number = "R-117",
        .class = RULE_HARD,
        .gates = "registration.add registration.amend registration.correct",
        .words = "each risk indicator and area of concern is recorded with supporting evidence, and one has none",
        .remedy = "record it in the same act: + indicator record --registration @N --category ... --indicator ... "
                  "--evidence ...",
        .source = NOTE,
        .query = "SELECT 'broken', x.indicator FROM (" LISTED_AT_ALL ") x WHERE NOT EXISTS (SELECT 1 FROM indicator i "
                 "WHERE i.registration = x.registration AND i.category = x.category AND i.indicator = x.indicator)",
        .may_override = true,
    },
    {
        .number = "R-126",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.amend registration.correct registration.continue registration.remove "
                 "registration.temporary registration.temporary-end",
        .words = "business support enters on the register what its keeper, or the chair of the deciding meeting, has "
                 "authorised, and this does not say who has",
        .remedy = "name them with --authoriser",
        .source = "Participating in Child Protection Planning Meetings practice note, where the register is",
        .query = "SELECT 'broken' " EVENTS "AND v.what <> 'add' AND NOT " BY_KEEPER " AND NOT " BY_CHAIR
                 " AND NOT " AUTHORISED,
    },
    {
        .number = "N-10",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.remove",
        .words = "only a review planning meeting can remove a name from the register",
        .remedy = "convene a review meeting: cairn meeting convene --type review ...",
        .source = GUIDANCE,
        .query = "SELECT 'broken' " REMOVED "AND m.type IS NOT 'review'",
    },
    {
        .number = "N-09",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.remove",
        .words =
            "a name is removed when the review meeting decided that this child does not require a Child Protection "
            "Plan any more, and the decision that is named does not say so",
        .remedy = "name the review's decision for this child, with --plan no",
        .source = GUIDANCE,
        .query = "SELECT 'broken' " REMOVED "AND (d.plan IS NOT 'no' OR " OF_ANOTHER_CHILD
                 " OR EXISTS (SELECT 1 FROM registration_event a WHERE a.object = v.object "
                 "AND a.what IN ('add', 'continue') AND a.number > d.number))",
    },
    {
        .number = "N-37",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "registration.remove",
        .words = "a meeting without a quorum cannot remove a Child Protection Plan, and the review meeting was not "
                 "closed as "
                 "quorate",
        .remedy = "close the meeting first: cairn meeting close --quorate yes ...; or hold it again with a quorum",
        .source = "National Guidance for Child Protection in Scotland, quorum of planning meetings",
        .query = "SELECT 'broken' " REMOVED "AND 'yes' IS NOT (SELECT c.quorate FROM meeting_close c "
                 "WHERE c.meeting = m.object ORDER BY c.number DESC LIMIT 1)",
    },
    {
        .number = "K-040",
        .class = RULE_HARD,
        .gates = "registration.amend registration.continue registration.remove registration.temporary-end",
        .words = "this registration has ended",
        .remedy = "what was wrong with it is put right with cairn registration correct; "
                  "a new decision is a ground for a new registration",
        .source = "the record's own order",
        .query = "SELECT 'broken' " EVENTS "AND v.what <> 'correct' AND r.removed_number < v.number",
    },
    {
        .number = "N-07",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words =
            "the parents or carers are told, verbally and in writing, what the register holds and who has access to it",
        .remedy = "record it: cairn registration tell --about added --way verbally --way in-writing ..., or "
                  "cairn check confirm",
        .source = GUIDANCE,
        .query = "SELECT 'na' WHERE NOT EXISTS (SELECT 1 " ADDED_BY_MEETING ") UNION ALL "
                 "SELECT 'open' " ADDED_BY_MEETING "AND NOT " TOLD_IN_BOTH_WAYS,
    },
    {
        .number = "N-11",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "where a name is removed, the child and family are told, another lead professional is considered, the "
                 "child's plan is amended, and services are not withdrawn for that reason alone",
        .remedy = "record it: cairn registration remove --lead-professional ... --plan ... --services ..., and "
                  "cairn registration tell --about removed; or cairn check confirm",
        .source = GUIDANCE,
        .query = "SELECT 'na' WHERE NOT EXISTS (SELECT 1 " REMOVED_BY_MEETING ") UNION ALL "
                 "SELECT 'open' " REMOVED_BY_MEETING "AND (json_extract(r.ending, '$.lead-professional') IS NULL "
                 "OR json_extract(r.ending, '$.plan') IS NULL OR json_extract(r.ending, '$.services') IS NULL "
                 "OR NOT EXISTS (SELECT 1 FROM registration_told t WHERE t.registration = v.object "
                 "AND t.about = 'removed'))",
    },
    {
        .number = "N-14",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "every system and organisation that needs to know is alerted at once",
        .remedy = "record it: cairn register alert --about added|removed ...; or say why not: "
                  "cairn check explain --rule N-14",
        .source = GUIDANCE,
        .query = "SELECT iif(substr(v.admitted, 1, 10) < :today, 'broken', 'open') " OF_MEETING
                 "AND v.what IN ('add', 'remove') AND NOT EXISTS (SELECT 1 FROM register_alert a "
                 "WHERE a.registration = v.object AND a.about = iif(v.what = 'add', 'added', 'removed'))",
    },
    {0},
};
