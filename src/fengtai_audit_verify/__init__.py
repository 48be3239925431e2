"""The auditor's own tool: checks an audit log against its signed checkpoints. Imports nothing of the platform, so that
whoever trusts it need not trust the platform. The format that it checks: docs/design/audit-log.md."""
