"""What all tests share: hypothesis without deadlines, because machines are shared and noisy; and one PostgreSQL."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.contracts.postgres_cluster import NoPostgres, PostgresCluster

settings.register_profile("fengtai", deadline=None)
settings.load_profile("fengtai")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Started when the first test asks for it; skips where there is no PostgreSQL."""
    try:
        cluster = PostgresCluster()
        cluster.start()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    yield cluster
    cluster.stop()
