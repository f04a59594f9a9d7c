"""The tests that every session store must pass.

A subclass of ``SessionStoreContract``, or of ``SharedStoreContract`` if several processes may share the store, defines
the abstract methods of ``StoreTests``, and pytest runs the tests on the stores that ``make`` returns. All times are
multiples of ``limits.max_session_seconds`` and ``resume_ttl_seconds``; no test is nearer to a deadline than a twentieth
of these.
"""

from tests.contract.stores.contract.claims import ClaimTests
from tests.contract.stores.contract.expiry import ExpiryTests
from tests.contract.stores.contract.limits import LimitTests
from tests.contract.stores.contract.secrets import SecretTests
from tests.contract.stores.contract.sessions import SessionTests
from tests.contract.stores.contract.sharing import SharingTests
from tests.contract.stores.contract.streams import StreamTests


class SessionStoreContract(SessionTests, SecretTests, ClaimTests, LimitTests, StreamTests, ExpiryTests):
    """One store, used by one process."""


class SharedStoreContract(SessionStoreContract, SharingTests):
    """A store of several processes: the stores that ``make`` returns in one test share their data."""
