"""Which of the modules that we know change nothing."""

from typing import Final

READS: Final = frozenset(
    {
        "RFC_PING",
        "BAPI_USER_GETLIST",
        "BAPI_USER_GET_DETAIL",
        "BAPI_USER_EXISTENCE_CHECK",
        "BAPI_USER_LOCACTGROUPS_READ",
        "BAPI_USER_LOCPROFILES_READ",
        "BAPI_HELPVALUES_GET",
        "SUSR_GET_ADMIN_USER_LOGIN_INFO",
        "RFC_GET_TABLE_ENTRIES",
        "RFC_READ_TABLE",
        "BBP_RFC_READ_TABLE",
    }
)
