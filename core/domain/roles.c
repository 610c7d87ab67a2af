#include "core/domain/domain.h"

/* An agency's officer gives its own people the roles of daily work; what reaches beyond an agency is the
 * administrator's to give. */
const struct role_grant role_grants[] = {
    {ROLE_PRACTITIONER, ROLE_OFFICER, true},    {ROLE_CHAIR, ROLE_OFFICER, true},
    {ROLE_MINUTE_TAKER, ROLE_OFFICER, true},    {ROLE_LEAD_PROFESSIONAL, ROLE_OFFICER, true},
    {ROLE_DESIGNATED_LEAD, ROLE_OFFICER, true}, {ROLE_BUSINESS_SUPPORT, ROLE_OFFICER, true},
    {ROLE_OFFICER, ROLE_OFFICER, true},         {ROLE_OFFICER, ROLE_ADMINISTRATOR, false},
    {ROLE_KEEPER, ROLE_ADMINISTRATOR, false},   {ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, false},
    {ROLE_AUDITOR, ROLE_ADMINISTRATOR, false},  {ROLE_NODE, ROLE_NODE, false},
};
