"""The certificate of a listener, read again when its file changes: renewal needs no restart and drops no viewer.

Looked at in each handshake (one stat); the connection that noticed still has the old certificate, the next one the new.
Files that do not fit together (half of a renewal) are left alone until they do: the old ones go on, and it is logged.
"""

import os
import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()


class FreshCertificate:
    """`context` is for the listener. Raise OSError (ssl.SSLError is one) when the files cannot be used at the start."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._state()
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = self._handshake

    def reload(self) -> bool:
        """Whether the files were read; on failure the old certificate stays."""
        self._seen = self._state()
        certificate, key = self._files
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            trial.load_cert_chain(certificate, key)
            self.context.load_cert_chain(certificate, key)
        except OSError as error:
            log.error("certificate.not_reloaded", certificate=str(certificate), error=str(error))
            return False
        log.info("certificate.reloaded", certificate=str(certificate))
        return True

    def _handshake(self, _connection: object, _name: str | None, _context: ssl.SSLContext) -> None:
        if self._state() != self._seen:
            self.reload()

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        try:
            found = [os.stat(file) for file in self._files]
        except OSError:
            return ()
        return tuple((one.st_mtime_ns, one.st_ino, one.st_size) for one in found)
