#include "tests/lib/stories.h"

const struct rule_story directory_stories[] = {
    {"R-133", "a minute-taker without training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 => R-133"},
    {"R-133", "a minute-taker with the day of training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 trained=2026-01-15"},
    {0},
};
