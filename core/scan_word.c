/* How a word of a text may be one that is looked for: in short, misspelt, in the plural; and the clues by which words
 * that may be the same find each other. */
#include "core/scan_parts.h"

#include <string.h>

#include "core/text.h"

static const char *const short_forms[] = {
    "alexander alex alec sandy alasdair alistair alastair alister ali xander",
    "alexandra alex sandra lexi lexie",
    "andrew andy drew",
    "anthony tony",
    "benjamin ben benji",
    "catherine katherine kathryn cathy kathy kate katie cath kath katy",
    "charles charlie chick chas",
    "charlotte charlie lottie",
    "christine christina chris chrissie tina",
    "christopher chris kit",
    "daniel dan danny",
    "david dave davie davy",
    "deborah debbie deb debra",
    "donald don donnie",
    "edward ed eddie ted teddy ned",
    "elizabeth liz lizzie beth betty eliza lisa elspeth elsie libby bess ellie",
    "emily em emma",
    "frances fran francesca",
    "francis frank frankie fran",
    "frederick fred freddie",
    "gabriel gabe",
    "george geordie dod",
    "gerard gerry gerald",
    "gregory greg gregor",
    "helen nell ellen nellie ella",
    "henry harry hal hank",
    "ian iain",
    "isabel isabella isobel bella ishbel izzy isla belle",
    "jacob jake jakub",
    "jacqueline jackie jacqui",
    "james jim jimmy jamie jimmie jas jamesie",
    "janet jan jenny jessie",
    "jennifer jen jenny jenni",
    "jessica jess jessie",
    "john jack johnny jock ian iain jon johnnie",
    "jonathan jon jonny jonathon",
    "joseph joe joey",
    "joshua josh",
    "kenneth ken kenny",
    "lachlan lachie",
    "lawrence laurence larry laurie",
    "leonard len lenny leo",
    "margaret maggie meg peggy mags greta marge daisy rita mairead",
    "mary molly mairi may moira maureen mhairi",
    "matthew matt matty",
    "michael mick mike mickey mikey",
    "mohammed mohammad muhammad mohamed mo",
    "natalie nat",
    "nicholas nick nicky nico",
    "nicola nicky nikki",
    "oliver ollie olly",
    "patricia pat trish tricia patsy",
    "patrick pat paddy paddie",
    "pamela pam",
    "peter pete",
    "philip phil phillip",
    "rebecca becky becca bex",
    "richard rick ricky dick rich richie",
    "robert rob bob bobby robbie bert rab rabbie",
    "roderick rod roddy rory",
    "ronald ron ronnie",
    "samantha sam sammy",
    "samuel sam sammy",
    "sarah sara sally sadie",
    "sophie sophia sofia",
    "stephen steven steve stevie steph",
    "stephanie steph",
    "stuart stewart stu",
    "susan sue susie suzanne susanna",
    "theresa teresa tess terry",
    "thomas tom tommy tam",
    "timothy tim",
    "valerie val",
    "victoria vicky vicki tori vikki",
    "vincent vince vinny",
    "william will bill billy willie liam wullie wills",
    "zachary zach zac zack",
};

static bool is_short_form(const char *a, const char *b) {
  for (size_t i = 0; i < sizeof short_forms / sizeof *short_forms; i++)
    if (text_list_has(short_forms[i], ' ', bytes_str(a)) && text_list_has(short_forms[i], ' ', bytes_str(b)))
      return true;
  return false;
}

/* A word without the s of its plural ("the Reids"), or as it is. */
static void singular(const char *word, char out[NAME_WORD_MAX + 1]) {
  size_t len = strlen(word);
  memcpy(out, word, len + 1);
  if (len > 3 && word[len - 1] == 's')
    out[len - 1] = '\0';
}

static bool sounds_alike(const char *a, const char *b) {
  if (strlen(a) < 4 || strlen(b) < 4)
    return false;
  struct name_sound x = name_sounds(a), y = name_sounds(b);
  return x.key[0] && x.key[1] && strcmp(x.key, y.key) == 0;
}

enum likeness plan_likeness(const char *term, const char *word) {
  char one[NAME_WORD_MAX + 1];
  singular(word, one);
  if (strcmp(term, word) == 0)
    return LIKE_EQUAL;
  if (is_short_form(term, word))
    return LIKE_SHORT;
  if (strcmp(term, one) == 0 || sounds_alike(term, word))
    return LIKE_SPELT;
  if (strlen(term) >= 5 && (name_distance(term, word, 1) <= 1 || name_distance(term, one, 1) <= 1))
    return LIKE_SPELT;
  return UNLIKE;
}

/* ---- clues ---- */

static uint64_t hash_of_clue(char sort, const char *word, size_t len) {
  uint64_t h = 0xcbf29ce484222325ULL ^ (uint64_t)(uint8_t)sort;
  for (size_t i = 0; i < len; i++)
    h = (h ^ (uint8_t)word[i]) * 0x100000001b3ULL;
  return h;
}

/* The word, and the word without each of its letters: two words that differ in one letter share one of these. */
static void each_shorter(const char *word, void *of, void (*each)(void *of, uint64_t hash)) {
  char less[NAME_WORD_MAX + 1];
  size_t len = strlen(word);
  each(of, hash_of_clue('w', word, len));
  for (size_t i = 0; len >= 4 && i < len; i++) {
    memcpy(less, word, i);
    memcpy(less + i, word + i + 1, len - i);
    each(of, hash_of_clue('w', less, len - 1));
  }
}

void plan_each_clue(const char *word, void *of, void (*each)(void *of, uint64_t hash)) {
  char one[NAME_WORD_MAX + 1];
  struct name_sound sound = name_sounds(word);
  singular(word, one);
  each_shorter(word, of, each);
  if (strcmp(one, word) != 0)
    each_shorter(one, of, each);
  if (sound.key[0] && sound.key[1])
    each(of, hash_of_clue('s', sound.key, strlen(sound.key)));
  for (size_t i = 0; i < sizeof short_forms / sizeof *short_forms; i++)
    if (text_list_has(short_forms[i], ' ', bytes_str(word)))
      each(of, hash_of_clue('n', (const char *)&i, sizeof i));
}
