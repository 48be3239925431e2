"""Objects in an S3 bucket (Amazon's or any that speaks like it). A put is durable when it returns: S3 answers after it
has stored."""

from dataclasses import dataclass
from datetime import timedelta

from obstore.store import S3Store

from fengtai.storage.obstore_objects import ObstoreObjects


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Where the bucket is, and who we are there. Without a key, the machine's own role is used (instance metadata)."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    """empty: Amazon's, by region"""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    timeout_seconds: float = 30.0
    retry_seconds: float = 20.0


class S3Objects(ObstoreObjects):
    def __init__(self, place: S3Place) -> None:
        who = (
            {"access_key_id": place.access_key_id, "secret_access_key": place.secret_access_key}
            if place.access_key_id
            else {}
        )
        store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            region=place.region,
            endpoint=place.endpoint or None,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": place.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=place.timeout_seconds),
                "connect_timeout": timedelta(seconds=min(5.0, place.timeout_seconds)),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=place.retry_seconds)},
            **who,  # type: ignore[arg-type]  # each by its own name
        )
        super().__init__(store)
