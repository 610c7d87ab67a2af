/* How long an enquiry takes among 50,000 children, each with a registration, whose names are distributed as names are:
 * a few that many bear, several thousand that few do. Ends with 1 if one took longer than 50 ms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/enquiry.h"
#include "core/store_parts.h"
#include "tests/bench/bench.h"
#include "tests/lib/chance.h"
#include "tests/lib/world.h"

#define CHILDREN 50000
#define IN_ACT 500
#define SURNAMES 6000
#define QUESTIONS 300
#define LIMIT_MS 50.0

static uint64_t chance = 1;

static uint64_t draw(void) {
  return chance_draw(&chance);
}

static size_t below(size_t n) {
  return (size_t)(draw() % n);
}

/* The first ones are borne by many, the last ones by few (Zipf's law, near enough). */
static size_t below_by_rank(size_t n) {
  size_t a = below(n) + 1, b = below(n) + 1;
  return (size_t)((double)a * (double)b / (double)n * (double)(below(n) + 1) / (double)n);
}

static const char *const first_names[] = {
    "Jack",    "Isla",   "Noah",    "Olivia",  "James",      "Emily",   "Rory",    "Freya",     "Luca",     "Amelia",
    "Finlay",  "Ella",   "Harris",  "Grace",   "Alfie",      "Sophie",  "Leo",     "Millie",    "Charlie",  "Ava",
    "Lewis",   "Lily",   "Logan",   "Evie",    "Archie",     "Orla",    "Oliver",  "Charlotte", "Theo",     "Sophia",
    "Harry",   "Lucy",   "Brodie",  "Rosie",   "Thomas",     "Poppy",   "Ethan",   "Ellie",     "Angus",    "Aria",
    "Callum",  "Eilidh", "Cameron", "Ivy",     "Alexander",  "Jessica", "Mason",   "Ruby",      "Muhammad", "Mia",
    "Caleb",   "Anna",   "Aiden",   "Robyn",   "Daniel",     "Maisie",  "Arran",   "Skye",      "Hamish",   "Niamh",
    "Ruaridh", "Aoife",  "Euan",    "Caoimhe", "Ewan",       "Mhairi",  "Struan",  "Catriona",  "Fraser",   "Kirsty",
    "Gregor",  "Morag",  "Murray",  "Shona",   "Duncan",     "Fiona",   "Malcolm", "Ailsa",     "Iain",     "Beth",
    "Kayden",  "Zara",   "Jakub",   "Zofia",   "Aleksander", "Maja",    "Yusuf",   "Fatima",    "Ibrahim",  "Aisha",
    "Kai",     "Summer", "Tyler",   "Brooke",  "Jayden",     "Lexi",    "Riley",   "Paige",     "Connor",   "Erin"};
static const char *const stems[] = {
    "Smith",  "Brown",  "Wilson", "Campbell", "Stewart", "Robertson", "Thomson", "Ander",  "Scott", "Murray", "Mor",
    "Taylor", "Clark",  "Ross",   "Watson",   "Young",   "Paters",    "Fraser",  "Hamil",  "Reid",  "Kerr",   "Grah",
    "Hender", "Duncan", "Gord",   "Cunning",  "Bruce",   "Craig",     "Fergus",  "Hunter", "Wall",  "Bell",   "Dun",
    "Kil",    "Pit",    "Bal",    "Inver",    "Auch",    "Loch",      "Len",     "Gil",    "Drum",  "Kin",    "Cor",
    "Ruther", "Wed",    "Had",    "Lam",      "Nis",     "Ol",        "Tul",     "Vass",   "Yul",   "Zab",    "Kowal",
    "Hus",    "Ahm",    "Sing",   "Kau",      "Nowa",    "Wojc",      "Lewan",   "Okon",   "Adeb"};
static const char *const ends[] = {"",    "son",  "ton",  "ie",     "burn", "well", "ham",  "ford", "ston",
                                   "lay", "more", "dale", "head",   "gall", "nock", "ach",  "an",   "ski",
                                   "ing", "kwo",  "rie",  "derson", "side", "land", "wick", "garth"};
static const char *const beginnings[] = {"", "", "", "Mac", "Mc", "O'"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static char surnames[SURNAMES][32];

static void make_surnames(void) {
  for (size_t i = 0; i < SURNAMES; i++)
    snprintf(surnames[i], sizeof surnames[i], "%s%s%s", i < 60 ? "" : beginnings[below(COUNT(beginnings))],
             i < 60 ? stems[i % COUNT(stems)] : stems[below(COUNT(stems))], i < 60 ? "" : ends[below(COUNT(ends))]);
}

static void make_name(char out[96]) {
  const char *surname = surnames[below_by_rank(SURNAMES)];
  bool has_second = below(10) < 2, is_double = below(100) < 7;
  snprintf(out, 96, "%s%s%s %s%s%s", first_names[below_by_rank(COUNT(first_names))], has_second ? " " : "",
           has_second ? first_names[below(COUNT(first_names))] : "", surname, is_double ? "-" : "",
           is_double ? surnames[below_by_rank(SURNAMES)] : "");
}

static void make_born(char out[TEXT_DATE_SIZE + 1]) {
  struct text_time t = text_time_format(1214870400 + (int64_t)below(6570) * 86400);
  snprintf(out, TEXT_DATE_SIZE + 1, "%.10s", t.s);
}

/* What the store holds: each child, and a registration that bears the same name. */
struct child {
  char name[96], born[TEXT_DATE_SIZE + 1], mother[96];
};
static struct child children[CHILDREN];

static void record(struct world *w, struct world_member *m, size_t from) {
  static struct draft drafts[IN_ACT * 2];
  static struct draft_value values[IN_ACT * 2][4];
  static char refers[IN_ACT][16];
  struct verdict v;
  for (size_t i = 0; i < IN_ACT; i++) {
    struct child *c = &children[from + i];
    struct draft_value *child = values[i * 2], *registration = values[i * 2 + 1];
    make_name(c->name);
    make_born(c->born);
    snprintf(refers[i], sizeof refers[i], "@%zu", i * 2 + 1);
    child[0] = registration[0] = (struct draft_value){"name", c->name};
    child[1] = registration[1] = (struct draft_value){"born", c->born};
    registration[2] = (struct draft_value){"child", refers[i]};
    registration[3] = (struct draft_value){"authority", "Fife Council"};
    drafts[i * 2] = world_draft("child.add", child, 2);
    drafts[i * 2 + 1] = world_draft("registration.temporary", registration, 4);
  }
  world_must(world_write(w, m, drafts, IN_ACT * 2, ACCEPT_WRITE_ANYWAY, &v), "recording");
  if (v.code != VERDICT_ACCEPTED)
    world_must(err_set(ERR_REFUSED, "%s: %s", v.rule, v.words), "recording");
}

static void misspell(char *name) {
  size_t at = 1 + below(strlen(name) - 1);
  if (below(2))
    name[at] = (char)('a' + below(26));
  else
    memmove(name + at, name + at + 1, strlen(name + at));
}

static double now_ms(void) {
  return bench_cpu_s() * 1e3;
}

static int by_time(const void *a, const void *b) {
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* How many of the questions named somebody who was found. */
static size_t ask(struct store *s, double took[QUESTIONS]) {
  static const char *const kinds[] = {"registration.add", "registration.temporary", NULL};
  size_t found = 0;
  for (size_t i = 0; i < QUESTIONS; i++) {
    const struct child *c = &children[below(CHILDREN)];
    struct enquiry_hit hits[ENQUIRY_HITS_MAX];
    size_t count;
    char name[96];
    snprintf(name, sizeof name, "%s", c->name);
    if (i % 3 == 1)
      misspell(name);
    struct enquiry asked = {bytes_str(name), i % 2 ? bytes_str(c->born) : bytes_of(NULL, 0), kinds};
    double start = now_ms();
    world_must(enquiry_find(s, &asked, hits, &count), "an enquiry");
    took[i] = now_ms() - start;
    found += count > 0;
  }
  return found;
}

int main(void) {
  struct world w;
  double took[QUESTIONS];
  world_open(&w, 1);
  struct hash agency = world_agency(&w, "Social Work Services", "social-work");
  struct world_member *m = world_join(&w, &agency, "Ann", "practitioner keeper");
  make_surnames();
  for (size_t i = 0; i < CHILDREN; i += IN_ACT)
    record(&w, m, i);
  size_t found = ask(m->store, took);
  qsort(took, QUESTIONS, sizeof *took, by_time);
  bench_print("enquiry", took[QUESTIONS / 2], "ms among 50,000 children, median");
  bench_print("enquiry_95", took[QUESTIONS * 95 / 100], "ms, of 100 enquiries 95 take less");
  bench_print("enquiry_most", took[QUESTIONS - 1], "ms");
  bench_print("enquiry_found", (double)found, "of 300 enquiries");
  world_close(&w);
  return took[QUESTIONS - 1] > LIMIT_MS;
}
