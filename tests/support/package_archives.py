"""Writes one package named "demo" in the archive of each package manager, for private_registry.ts."""

import base64
import hashlib
import io
import os
import sys
import tarfile
import zipfile

folder = sys.argv[1]


def write_zip(name, files):
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def write_tar(name, files):
    with tarfile.open(os.path.join(folder, name), "w:gz") as archive:
        for path, text in files.items():
            data = text.encode()
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def record(path, text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text)}\n"


metadata = {
    "demo/__init__.py": "",
    "demo-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0.0\n",
    "demo-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
records = "".join(record(*file) for file in metadata.items())
write_zip(
    "demo-1.0.0-py3-none-any.whl",
    {**metadata, "demo-1.0.0.dist-info/RECORD": records + "demo-1.0.0.dist-info/RECORD,,\n"},
)
write_zip(
    "go.zip",
    {
        "example.test/demo@v1.0.0/go.mod": "module example.test/demo\n",
        "example.test/demo@v1.0.0/demo.go": "package demo\n",
    },
)
write_tar(
    "demo-1.0.0.crate",
    {
        "demo-1.0.0/Cargo.toml": '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n',
        "demo-1.0.0/src/lib.rs": "",
    },
)
write_tar("demo-1.0.0.tgz", {"package/package.json": '{"name":"demo","version":"1.0.0"}'})
write_tar("module.tgz", {"main.tf": 'output "demo" {\n  value = 1\n}\n'})
