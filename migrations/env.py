"""Alembic's entry. It is run by `fengtai.storage.schema` with a connection whose transaction is already open."""

from alembic import context

connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    compare_type=True,
    include_object=context.config.attributes.get("include_object"),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
