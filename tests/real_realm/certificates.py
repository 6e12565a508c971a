"""A certificate for the two hosts, of an authority that only the processes of a scenario trust."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERVICE_HOST = "ark.cn-beijing.volces.com"
"""The vendor's host, to which the program sends a key by default."""
VIDEO_HOST = "ark-content-generation-cn-beijing.tos-cn-beijing.volces.com"
"""The host of the vendor's videos, as in published replies."""
SINCE = "2001-01-01 00:00:00"
DAYS = "36500"
_EXTENSIONS = f"""
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{SERVICE_HOST}, DNS:{VIDEO_HOST}
[req]
distinguished_name = name
[name]
"""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: the authority's certificate, the server's, and the server's key."""

    authority: Path
    server: Path
    key: Path


def write_certificates(folder: Path) -> Certificates:
    """Create them in a folder, valid for a century so that they stay valid with every shifted clock."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    settings, authority_key, request = folder / "openssl.cnf", folder / "authority.key", folder / "server.csr"
    settings.write_text(_EXTENSIONS)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", str(settings)]
    authority = ["-subj", "/CN=An authority of tests", "-extensions", "authority", "-days", DAYS]
    _openssl("req", "-x509", *key, *authority, "-keyout", authority_key, "-out", made.authority)
    _openssl("req", "-new", *key, "-subj", f"/CN={SERVICE_HOST}", "-keyout", made.key, "-out", request)
    signed: list[str | Path] = ["-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial", "-days", DAYS]
    extended: list[str | Path] = ["-extfile", settings, "-extensions", "server"]
    _openssl("x509", "-req", "-in", request, *signed, *extended, "-out", made.server)
    return made


def _openssl(*words: str | Path) -> None:
    """Run openssl with an early date: its version 3.0 has no option for the start of a certificate's validity."""
    faketime, openssl = (shutil.which(name) or name for name in ("faketime", "openssl"))
    subprocess.run([faketime, SINCE, openssl, *map(str, words)], check=True, capture_output=True, timeout=60)
