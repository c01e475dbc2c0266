"""The certificate that proxies under TLS show."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from certificates import Authority  # noqa: E402


class Tls:
    """Paths of PEM files: P-256, as Let's Encrypt signs it by default."""

    def __init__(self, folder):
        signs = Authority(folder)
        self.authority = signs.file
        self.certificate, self.key = signs.sign("bench")
        self.both = pathlib.Path(folder) / "both.pem"
        self.both.write_bytes(b"".join(pathlib.Path(f).read_bytes() for f in (self.certificate, self.key)))
