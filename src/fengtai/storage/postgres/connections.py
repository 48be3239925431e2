"""How PostgreSQL is reached: READ COMMITTED for the writer (it alone holds the order lock), snapshots for readers."""

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine import URL

CONNECT_TIMEOUT_SECONDS = 5


def driver_url(url: str) -> URL:
    """`postgresql://…` with psycopg 3 as its driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """The same for psycopg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def writing_engine(url: str) -> Engine:
    """READ COMMITTED on purpose: under the order lock it is serial, and sees all that was committed before the lock."""
    return create_engine(
        driver_url(url),
        pool_size=1,
        max_overflow=1,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS},
    )


def reading_engine(url: str, *, connections: int) -> Engine:
    return create_engine(
        driver_url(url),
        pool_size=connections,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "options": "-c default_transaction_read_only=on",
        },
    )
