"""Certificates for a test: an authority of its own and what it signs, made by openssl(1)."""

import pathlib
import subprocess


class Authority:
    """`file` is its certificate; what it makes lies in `folder`."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.file = self.folder / f"{name}.pem"
        self._run("req", "-x509", *self._fresh(name), "-out", str(self.file), "-days", "2", "-subj", f"/CN={name}")

    def sign(self, name, names="DNS:localhost,IP:127.0.0.1", days=2, into=None):
        """(certificate, key) of `name`, for the given subject names; replaces those of that name at once."""
        made = self.folder / f"{name}.made.pem"
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extension.write_text(f"subjectAltName={names}\n")
        self._run("req", *self._fresh(f"{name}.made"), "-out", str(request), "-subj", f"/CN={name}")
        self._run("x509", "-req", "-in", str(request), "-CA", str(self.file), "-CAkey",
                  str(self.folder / f"{self.name}.key"), "-CAcreateserial", "-days", str(days), "-out", str(made),
                  "-extfile", str(extension))
        to = pathlib.Path(into or self.folder)
        certificate, key = to / f"{name}.pem", to / f"{name}.key"
        (self.folder / f"{name}.made.key").replace(key)
        made.replace(certificate)
        return str(certificate), str(key)

    def _fresh(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                str(self.folder / f"{name}.key")]

    @staticmethod
    def _run(*words):
        done = subprocess.run(["openssl", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
