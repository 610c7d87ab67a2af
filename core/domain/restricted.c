#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#define SOURCE PROCEDURE "restricted access information"
#define RECORD "the record's own order: restricted information is sealed, and goes where its provider lets it go"

#define BY_PROFESSIONALS                                                                                               \
  WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER),                \
          ANY(ROLE_KEEPER), ANY(ROLE_DESIGNATED_LEAD))
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child whom it concerns")
#define ITEM_OR_PERMIT ENTRY("item", IN_REF, "restricted.add|restricted.permit", 1, 1, "what was opened")
#define VALUES(name, help)                                                                                             \
  { name, FIELD_TEXT, IN_CONTENT, NULL, 300, 0, 32, help, false }
#define PUT_RECIPIENTS                                                                                                 \
  "INSERT INTO restricted_to(object, number, key) SELECT :id, :entry_number, value FROM json_each(:recipients)"

/* Restricted information: what cannot be shared freely with the child, a parent or carer, or anyone
 * who supports them. Nothing open points at it. */
const struct kind restricted_kinds[] = {
    {
        .name = "restricted.add",
        .help = "information that only its provider, who signs it, lets go further; sealed to whom it is for (R-091, "
                "R-101)",
        .audience = AUDIENCE_RESTRICTED,
        BY_PROFESSIONALS,
        FIELDS(CHILDREN,
               {"meeting", FIELD_ENTRY, IN_REF, "meeting.convene", 0, 0, 1, "the meeting that it is for (R-092)", true},
               {"exclusion", FIELD_ENTRY, IN_REF, "exclusion.record", 0, 0, 1,
                "the exclusion whose reasons it says (C-9)", true},
               {"document", FIELD_ENTRY, IN_REF, "document.add", 0, 0, 1, "the report that it belongs to", true},
               CODE("category", IN_FACT, "sub-judice|third-party|private|at-risk|other", 1, 1,
                    "sub judice; from a third party whom it could identify; about an individual; a risk to somebody if "
                    "shared; other, with a reason (R-096 to R-100)"),
               TEXT("what", IN_CONTENT, 200000, 1, 1, "the information"),
               TEXT("basis", IN_CONTENT, 4000, 1, 1, "why it is proportionate to share it with them (R-092)"),
               TEXT("reason", IN_CONTENT, 4000, 0, 1, "of the category other: why it is restricted (R-100)"),
               TEXT("source", IN_CONTENT, 500, 0, 1, "from whom the provider has it"),
               VALUES("address", "each address in it, for the search before a family copy is approved"),
               VALUES("postcode", "each postcode in it"), VALUES("school", "each school in it"),
               VALUES("name", "each name in it that must not be known"),
               VALUES("telephone", "each telephone number in it"),
               VALUES("other", "any other words that must not be known"),
               TEXT("file-name", IN_CONTENT, 300, 0, 1, "the name of the file that is attached"),
               TEXT("file", IN_CONTENT, 500000, 0, 1, "the file, in base64")),
        .views = "restricted_item restricted_to",
        .project = {"INSERT INTO restricted_item(object, number, category, meeting, document, by, commitment) "
                    "VALUES(:id, :entry_number, :category, :meeting, :document, :by, :commitment)",
                    PUT_RECIPIENTS},
        .line = "category",
        .command = "",
    },
    {
        .name = "restricted.permit",
        .help = "the provider lets an item go to one more person: the same content, sealed to them (R-093)",
        .audience = AUDIENCE_RESTRICTED,
        BY_PROFESSIONALS,
        FIELDS(ENTRY("item", IN_REF, "restricted.add", 1, 1, "the item")),
        .views = "restricted_permit restricted_to",
        .project = {"INSERT INTO restricted_permit(object, number, item, by, commitment) "
                    "VALUES(:id, :entry_number, :item, :by, :commitment)",
                    PUT_RECIPIENTS},
        .line = "item",
        .command = "",
    },
    {
        .name = "restricted.reason",
        .help = "what a permit is for (R-093)",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ENTRY("permit", IN_REF, "restricted.permit", 1, 1, "the permit"),
               TEXT("purpose", IN_CONTENT, 1000, 1, 1, "what it is for, without what it says"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why somebody else than the provider permits it")),
        .views = "restricted_reason",
        .project = {"INSERT INTO restricted_reason(object, number, permit, purpose, reason) "
                    "VALUES(:id, :entry_number, :permit, :purpose, :reason)"},
        .line = "purpose",
        .command = "",
    },
    {
        .name = "restricted.withdraw",
        .help = "a permit is withdrawn: what it sent is taken from the recipient's machines",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ENTRY("permit", IN_REF, "restricted.permit", 1, 1, "the permit"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why, without what the item says")),
        .object = "permit",
        .project = {"UPDATE restricted_permit SET ended_by = :id WHERE object = :object"},
        .line = "reason",
        .moves_scope = true,
        .command = "",
    },
    {
        .name = "restricted.lift",
        .help = "an item is restricted no more: its provider has shared what it says",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ENTRY("item", IN_REF, "restricted.add", 1, 1, "the item"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why, without what the item says")),
        .object = "item",
        .project = {"UPDATE restricted_item SET lifted_by = :id WHERE object = :object"},
        .line = "reason",
        .command = "",
    },
    {
        .name = "restricted.open",
        .help = "somebody opened an item that is sealed to them; its provider is told",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ITEM_OR_PERMIT, CODE("how", IN_FACT, "own-key|escrow", 1, 1, "with which key"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why; needed with the escrow key")),
        .views = "restricted_opening",
        .project = {"INSERT INTO restricted_opening(object, number, item, by, how, at, reason) "
                    "VALUES(:id, :entry_number, :item, :by, :how, :at, :reason)"},
        .line = "how",
        .command = "",
    },
    {
        .name = "restricted.break-glass",
        .help = "the designated lead on duty opened an item for a risk of harm; provider and keeper are told",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_DESIGNATED_LEAD)),
        FIELDS(ENTRY("item", IN_REF, "restricted.add", 1, 1, "what was opened"),
               CODE("ground", IN_FACT, "risk-of-harm", 1, 1, "on what ground"),
               TEXT("reason", IN_CONTENT, 2000, 1, 1, "what the risk is, without what the item says")),
        .views = "restricted_opening",
        .project = {"INSERT INTO restricted_opening(object, number, item, by, how, at, reason, ground) "
                    "VALUES(:id, :entry_number, :item, :by, 'break-glass', :at, :reason, :ground)"},
        .line = "ground",
        .is_for_keeper = true,
        .command = "",
    },
    {
        .name = "restricted.review",
        .help = "an item that was opened for a risk of harm: somebody else has looked whether that was right",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ENTRY("opening", IN_REF, "restricted.break-glass", 1, 1, "which opening"),
               CODE("outcome", IN_FACT, "justified|not-justified", 1, 1, "was it right?"),
               TEXT("finding", IN_CONTENT, 4000, 1, 1, "what was found, without what the item says")),
        .object = "opening",
        .project = {"UPDATE restricted_opening SET reviewed_by = :id, reviewed_at = :at, outcome = :outcome "
                    "WHERE object = :object"},
        .line = "outcome",
        .is_for_keeper = true,
        .command = "",
    },
    {
        .name = "restricted.fault",
        .help = "an item does not open with a key that it is sealed to, or not to what it commits to",
        .audience = AUDIENCE_NAMED,
        BY_PROFESSIONALS,
        FIELDS(ITEM_OR_PERMIT),
        .views = "restricted_fault",
        .project = {"INSERT INTO restricted_fault(object, number, item, by, at) "
                    "VALUES(:id, :entry_number, :item, :by, :at)"},
        .line = "item",
        .command = "",
    },
    {0},
};

/* i is an item of the act, t a key that it or a permit is sealed to, k whose key that is. */
#define ITEMS "FROM restricted_item i WHERE i.number BETWEEN :first AND :last "
#define IS_SEALED_TO(condition)                                                                                        \
  "EXISTS (SELECT 1 FROM restricted_to t JOIN seal_key k ON k.key = t.key WHERE t.object = i.object AND " condition ")"
#define BY_OF_ACT "(SELECT by FROM act WHERE first = :first)"
/* The key of whoever provided an item, or what a permit lets go; also where that counts no more. NULL: it is not here.
 */
#define PROVIDER_OF(entry)                                                                                             \
  "(SELECT pa.by FROM entry pe JOIN act pa ON pa.first = pe.act WHERE pe.id = coalesce((SELECT pr.item "               \
  "FROM restricted_permit pr WHERE pr.object = " entry "), " entry "))"
#define IS_SAME(what, key, other)                                                                                      \
  "EXISTS (SELECT 1 FROM signer a JOIN signer o ON o." what " = a." what " WHERE a.key = " key " AND o.key = " other ")"
/* The person behind a signing key. */
#define PERSON_BEHIND(key_) "(SELECT s.person FROM signer s WHERE s.key = " key_ ")"
#define REPORTER_HAS_IT SETTING("reporter-sees-restricted") " IS 'yes'"
/* May the person and agency behind the key w decide about the item whose provider's key is p? Its provider; once that
 * person has left, their agency's designated lead, unless the profile leaves it to providers (C-10). */
/* clang-format off */
#define MAY_DECIDE(w, p) \
  "EXISTS (SELECT 1 FROM signer a JOIN signer o ON o.key = " p " WHERE a.key = " w " AND (a.person = o.person " \
  "OR a.agency = o.agency AND " SQL_HAS_ROLE("a.person", "designated-lead") " AND " HAS_LEFT " " \
  "AND " SETTING("release-by") " IS NOT 'provider'))"
/* clang-format on */
#define HAS_LEFT                                                                                                       \
  "EXISTS (SELECT 1 FROM revocation v JOIN entry w ON w.number = v.number WHERE v.target = o.person AND "              \
  "w.kind = 'person.revoke')"
/* The meeting that an item is for; of one that is for none, every meeting about its children. */
#define IS_ITS_MEETING(meeting)                                                                                        \
  "(" meeting " = i.meeting OR i.meeting IS NULL AND EXISTS (SELECT 1 FROM meeting mm JOIN entry_child mc "            \
  "ON mc.number = mm.number JOIN entry_child ic ON ic.number = i.number WHERE mm.object = " meeting                    \
  " AND mc.child IN " SAME_CHILDREN("ic.child") "))"

/* A recipient of a permit need not hold the item: who permitted it is all that their machine knows of. */
#define GIVER_OF(entry) "(SELECT ga.by FROM entry ge JOIN act ga ON ga.first = ge.act WHERE ge.id = " entry ")"
/* Is a key of the person behind this one on a `to` line of the entry g? */
#define IS_TOLD(key_)                                                                                                  \
  "EXISTS (SELECT 1 FROM entry e JOIN signer a ON a.key = " key_ " JOIN signer o ON o.person = a.person WHERE "        \
  "e.number = g.number AND instr(CAST(e.header AS TEXT), char(10) || 'to ' || lower(hex(o.key)) || char(10)) > 0)"

/* In a query a line is a clause: clang-format would break the lines within the macros' brackets. */
/* clang-format off */
const struct rule restricted_rules[] = {
    {
        .number = "R-091",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "restricted.add restricted.permit",
        .words = "restricted information is not shared with the child, a parent or carer, anyone who supports them, "
                 "or an observer",
        .remedy = "leave them out; the provider may permit it to one more professional later: cairn permit",
        .source = SOURCE,
        .query =
            "SELECT 'broken', group_concat(DISTINCT p.name) FROM restricted_sealed x "
            "JOIN restricted_item i ON i.object = x.item JOIN restricted_to t ON t.object = x.object "
            "JOIN seal_key k ON k.key = t.key JOIN person p ON p.object = k.person "
            "JOIN attends_for_family f ON f.person = k.person WHERE x.number BETWEEN :first AND :last "
            "AND NOT " SQL_IS_KEY_OF("i.by", "k.person") " "
            "AND NOT (f.is_reporter AND " REPORTER_HAS_IT ") "
            "AND " IS_ITS_MEETING("f.meeting") " HAVING count(*) > 0",
    },
    {
        .number = "R-093",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "restricted.permit restricted.withdraw restricted.lift restricted.reason",
        .words = "only whoever provided restricted information lets it go further",
        .remedy = "ask the provider; where they have left, their agency's designated lead decides",
        .source = SOURCE,
        .query =
            "SELECT 'broken' FROM entry e WHERE e.number BETWEEN :first AND :last "
            "AND e.kind IN ('restricted.permit', 'restricted.withdraw', 'restricted.lift') "
            "AND NOT " MAY_DECIDE(BY_OF_ACT, PROVIDER_OF("coalesce(e.object, e.id)")) " "
            "UNION ALL SELECT 'broken' FROM restricted_reason n WHERE n.number BETWEEN :first AND :last "
            "AND NOT " MAY_DECIDE(BY_OF_ACT, PROVIDER_OF("n.permit")),
    },
    {
        .number = "K-060",
        .class = RULE_HARD,
        .gates = "restricted.add restricted.permit",
        .words = "it is sealed to a key that is nobody's, or counts no more",
        .remedy = "sync, and record it again: it is sealed to the keys that count then",
        .source = RECORD,
        .query = "SELECT 'broken' FROM restricted_to t WHERE t.number BETWEEN :first AND :last AND NOT EXISTS "
                 "(SELECT 1 FROM seal_key k WHERE k.key = t.key AND k.counts) LIMIT 1",
    },
    {
        .number = "K-061",
        .class = RULE_HARD,
        .gates = "restricted.add",
        .words =
            "it must be sealed to its provider, to the role key of the provider's agency and to the keeper's escrow "
            "key, as far as there are such keys",
        .remedy = "sync, and record it again with cairn restrict, which does so by itself",
        .source = RECORD,
        .query =
            "SELECT 'broken' " ITEMS "AND (NOT " IS_SEALED_TO("k.person = " PERSON_BEHIND("i.by")) " "
            "OR EXISTS (SELECT 1 FROM seal_key n WHERE n.what <> 'person' AND n.counts AND n.number < :first "
            "AND (n.what = 'escrow' OR n.agency = (SELECT s.agency FROM signer s WHERE s.key = i.by)) "
            "AND NOT " IS_SEALED_TO("k.entry = n.entry") "))",
    },
    {
        .number = "K-062",
        .class = RULE_HARD,
        .gates = "restricted.add restricted.permit",
        .words = "it is sealed to somebody who is kept out of the case of a child whom it concerns",
        .remedy = "leave them out",
        .source = RECORD,
        .query =
            "SELECT 'broken' FROM restricted_sealed x JOIN restricted_item i ON i.object = x.item "
            "JOIN restricted_to t ON t.object = x.object JOIN seal_key k ON k.key = t.key "
            "JOIN entry_child c ON c.number = i.number JOIN staff_bar b ON b.person = k.person AND b.lifted IS NULL "
            "WHERE x.number BETWEEN :first AND :last AND b.child IN " SAME_CHILDREN("c.child") " LIMIT 1",
    },
    {
        .number = "K-063",
        .class = RULE_HARD,
        .gates = "restricted.permit",
        .words = "a permit is for one person, and says what it is for",
        .remedy = "cairn permit ITEM --to PERSON --purpose …, once for each person",
        .source = SOURCE,
        .query = "SELECT 'broken' FROM restricted_permit r WHERE r.number BETWEEN :first AND :last "
                 "AND ((SELECT count(DISTINCT coalesce(k.person, k.entry)) FROM restricted_to t "
                 "JOIN seal_key k ON k.key = t.key WHERE t.object = r.object) <> 1 "
                 "OR EXISTS (SELECT 1 FROM restricted_to t JOIN seal_key k ON k.key = t.key "
                 "WHERE t.object = r.object AND k.person IS NULL) "
                 "OR (SELECT count(*) FROM restricted_reason n WHERE n.permit = r.object "
                 "AND n.number BETWEEN :first AND :last) <> 1)",
    },
    {
        .number = "K-064",
        .class = RULE_HARD,
        .gates = "restricted.permit",
        .words = "a permit carries what the item says and nothing else, and the item is still restricted",
        .remedy = "record it again with cairn permit",
        .source = RECORD,
        .query = "SELECT 'broken' FROM restricted_permit r LEFT JOIN restricted_item i ON i.object = r.item WHERE "
                 "r.number BETWEEN :first AND :last AND (i.object IS NULL OR r.commitment <> i.commitment OR "
                 "i.lifted_by IS NOT NULL)",
    },
    {
        .number = "K-065",
        .class = RULE_HARD,
        .gates = "restricted.add",
        .words = "this was recorded before: what is restricted is not recorded again for others",
        .remedy = "ask the provider to permit it: cairn permit",
        .source = RECORD,
        .query = "SELECT 'broken' " ITEMS "AND (EXISTS (SELECT 1 FROM restricted_item o "
                 "WHERE o.commitment = i.commitment AND o.object <> i.object) "
                 "OR EXISTS (SELECT 1 FROM restricted_permit o WHERE o.commitment = i.commitment))",
    },
    {
        .number = "K-066",
        .class = RULE_HARD,
        .gates = "restricted.reason",
        .words = "somebody else than the provider says why they permit it",
        .remedy = "cairn permit ITEM --to PERSON --purpose … --reason …",
        .source = SOURCE,
        .query =
            "SELECT 'broken' FROM restricted_reason n WHERE n.number BETWEEN :first AND :last AND n.reason IS NULL "
            "AND NOT " IS_SAME("person", BY_OF_ACT, PROVIDER_OF("n.permit")),
    },
    {
        .number = "K-067",
        .class = RULE_HARD,
        .gates = "restricted.break-glass",
        .words = "what another agency provided is opened by that agency's designated lead",
        .remedy = "telephone their duty line, or ask the provider to permit it",
        .source = RECORD,
        .query = "SELECT 'broken' FROM restricted_opening g WHERE g.number BETWEEN :first AND :last "
                 "AND g.how = 'break-glass' AND NOT " IS_SAME("agency", "g.by", PROVIDER_OF("g.item")),
    },
    {
        .number = "K-068",
        .class = RULE_HARD,
        .gates = "restricted.review",
        .words = "an opening is reviewed once, by somebody else than who opened: the keeper, or the provider",
        .remedy = "ask one of them",
        .source = RECORD,
        .query =
            "SELECT 'broken' FROM restricted_opening g JOIN entry e ON e.object = g.object "
            "WHERE e.number BETWEEN :first AND :last AND e.kind = 'restricted.review' "
            "AND (EXISTS (SELECT 1 FROM entry o WHERE o.object = e.object AND o.kind = e.kind AND o.number < e.number) "
            "OR " IS_SAME("person", BY_OF_ACT, "g.by") " "
            "OR NOT (" SQL_KEY_HAS_ROLE(BY_OF_ACT, "keeper") " "
            "OR " IS_SAME("person", BY_OF_ACT, PROVIDER_OF("g.item")) "))",
    },
    {
        .number = "K-069",
        .class = RULE_HARD,
        .gates = "restricted.open restricted.break-glass restricted.fault",
        .words = "whoever provided the item, or permitted it, is told of it",
        .remedy = "sync, and open it again",
        .source = SOURCE,
        .query =
            "SELECT 'broken' FROM (SELECT number, item FROM restricted_opening "
            "UNION ALL SELECT number, item FROM restricted_fault) g WHERE g.number BETWEEN :first AND :last "
            "AND " PROVIDER_OF("g.item") " IS NOT NULL "
            "AND NOT " IS_TOLD(PROVIDER_OF("g.item")) " AND NOT " IS_TOLD(GIVER_OF("g.item")),
    },
    {
        .number = "K-075",
        .class = RULE_HARD,
        .gates = "restricted.open",
        .words = "somebody opened it to whom it is not sealed, or with the escrow key without being the keeper",
        .remedy = "ask its provider to permit it",
        .source = RECORD,
        .query =
            "SELECT 'broken' FROM restricted_opening g WHERE g.number BETWEEN :first AND :last "
            "AND g.how <> 'break-glass' AND EXISTS (SELECT 1 FROM restricted_to t WHERE t.object = g.item) "
            "AND NOT EXISTS (SELECT 1 FROM restricted_to t JOIN seal_key k ON k.key = t.key WHERE t.object = g.item "
            "AND (g.how = 'own-key' AND k.person = " PERSON_BEHIND("g.by") " "
            "OR g.how = 'escrow' AND k.what = 'escrow' AND " SQL_KEY_HAS_ROLE("g.by", "keeper") "))",
    },
    {
        .number = "K-074",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "what is restricted is voided by whoever provided it: where it counts no more, nothing is searched "
                 "for what it says",
        .remedy = "ask the provider; where they have left, their agency's designated lead decides",
        .source = RECORD,
        .query = "SELECT 'broken' FROM entry v JOIN voided d ON d.object = v.object AND d.by = v.id "
                 "JOIN entry t ON t.id = d.entry WHERE v.number BETWEEN :first AND :last "
                 "AND t.kind IN ('restricted.add', 'restricted.permit') "
                 "AND NOT " MAY_DECIDE(BY_OF_ACT, PROVIDER_OF("d.entry")),
    },
    {0},
};
/* clang-format on */
