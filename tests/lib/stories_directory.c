#include "tests/lib/stories.h"

const struct rule_story directory_stories[] = {
    {"R-133", "a minute-taker without training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 => R-133"},
    {"R-133", "a minute-taker with the day of training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 trained=2026-01-15"},
    {"A-008", "a key of the keeper's is introduced once",
     "keeper: escrow.key agency=social-work seal=escrow\n"
     "keeper: escrow.key agency=social-work seal=escrow => A-008"},
    {"A-008", "and is no agency's role key",
     "lead: agency.key agency=social-work seal=agency-role\n"
     "keeper: escrow.key agency=social-work seal=agency-role => A-008"},
    {"A-006", "nor the other way round",
     "keeper: escrow.key agency=social-work seal=escrow\n"
     "lead: agency.key agency=social-work seal=escrow => A-006"},
    {"A-008", "another one takes its place",
     "keeper: escrow.key agency=social-work seal=escrow\n"
     "keeper: escrow.key agency=social-work seal=new-escrow"},
    {0},
};
