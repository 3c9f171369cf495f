"""The kill loop: a few kills always, fifty with ``-m long``; 200 by ``python -m tests.crash.loop``."""

import pytest

from tests.crash.loop import Plan, run
from tests.crash.stores import Unavailable
from tests.crash.world import MIB

pytestmark = pytest.mark.crash
SHORT = Plan(kills=4, largest=40 * MIB, volume=120 * MIB, open_at_once=3, longest_life=2.0)
LONG = Plan(kills=50)


def test_a_few_kills_harm_nothing(tmp_path):
    print(run(SHORT, "sandbox", "v2", tmp_path).table())


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dialect", ["v1", "v2"])
@pytest.mark.parametrize("store", ["sandbox", "s3rver"])
def test_fifty_kills_harm_nothing(store, dialect, tmp_path):
    try:
        print(run(LONG, store, dialect, tmp_path).table())
    except Unavailable as reason:
        pytest.skip(str(reason))
