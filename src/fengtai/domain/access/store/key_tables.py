"""Tables of second factors, challenges, kept passwords, API tokens and identity providers."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from fengtai.domain.access.store.tables import metadata

challenge_table = Table(
    "access_challenge",
    metadata,
    Column("ticket_sha256", LargeBinary, primary_key=True, comment="the ticket itself is never stored"),
    Column("task", String(32), nullable=False),
    Column("user_id", String(32), nullable=False, comment="empty when nobody is known yet"),
    Column("source", String(64), nullable=False, index=True, comment="network that asked, for the limit of open ones"),
    Column("details", Text, nullable=False, comment="JSON object of texts"),
    Column("sealed", LargeBinary, nullable=False, comment="seed or PKCE verifier, sealed by the vault"),
    Column("expires_at_ms", BigInteger, nullable=False, index=True),
)

totp_table = Table(
    "access_totp",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("seed_sealed", LargeBinary, nullable=False, comment="sealed by the vault"),
    Column("enrolled_at_ms", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False, comment="30 s steps since 1970: none is good twice (RFC 6238)"),
)

recovery_code_table = Table(
    "access_recovery_code",
    metadata,
    Column("code_sha256", LargeBinary, primary_key=True, comment="of person and code; 80 random bits"),
    Column("user_id", String(32), nullable=False, index=True),
)

passkey_table = Table(
    "access_passkey",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("name", Text, nullable=False, comment="as the person calls it"),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False, comment="COSE key"),
    Column("sign_count", BigInteger, nullable=False, comment="0: the device does not count"),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("last_used_at_ms", BigInteger, nullable=True),
    Column("is_synced", Boolean, nullable=False, comment="backup state at the last use"),
)

kept_password_table = Table(
    "access_kept_password",
    metadata,
    Column("id", String(32), primary_key=True, comment="sortable by time"),
    Column("user_id", String(32), nullable=False, index=True),
    Column("password_hash", Text, nullable=False, comment="Argon2id PHC text"),
    Column("set_at_ms", BigInteger, nullable=False),
    Column("by_other", Boolean, nullable=False, comment="somebody else set it"),
)

token_table = Table(
    "access_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("permissions", Text, nullable=False, comment="JSON list of Permission values"),
    Column("token_sha256", LargeBinary, nullable=False, unique=True, comment="the token itself is never stored"),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False, index=True),
    Column("last_used_at_ms", BigInteger, nullable=True, comment="written in batches"),
    Column("last_used_ip", String(64), nullable=False),
)

provider_table = Table(
    "access_provider",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False, comment="sealed by the vault; empty: public client"),
    Column("settings", Text, nullable=False, comment="JSON: scopes, claims, role map, what it may do"),
    Column("enabled", Integer, nullable=False),
)

identity_table = Table(
    "access_identity",
    metadata,
    Column("identity_sha256", LargeBinary, primary_key=True, comment="of issuer and subject, which may be long"),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_id", String(32), nullable=False, index=True),
    Column("linked_at_ms", BigInteger, nullable=False),
)
