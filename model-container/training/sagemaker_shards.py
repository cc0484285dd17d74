"""Puts a prepared data set back together from the tar shards that cli/training/shards.ts wrote.

    python3 model-container/training/sagemaker_shards.py CHANNEL MANIFEST_SHA256 FOLDER

manifest.json names every file with its size, and every shard with its size, its SHA-256 and the pieces of files in it. Its own
SHA-256 is the data set's name.
"""

import hashlib
import json
import shutil
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

SCHEMA = "blastograde/training-shards@1"
MANIFEST = "manifest.json"
# Written last into an unpacked folder: a container that is started again on the same disk need not unpack again.
DONE = ".unpacked"
CHUNK = 1 << 20


class HashingReader:
    """Reads forward through a shard, as FastFile likes it, and knows the digest of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.count = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(size)
        self.digest.update(content)
        self.count += len(content)
        return content


def unpack(channel: Path, sha256: str, folder: Path) -> Path:
    """Unpacks the shards of `channel` into `folder`, and checks every byte. Anything missing, torn or foreign ends it."""
    if (folder / DONE).exists() and (folder / DONE).read_text() == sha256:
        return folder
    manifest = read_manifest(channel, sha256)
    shutil.rmtree(folder, ignore_errors=True)
    for entry in manifest["files"]:
        path = safe_path(folder, entry["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(entry["bytes"])
    # Shards and pieces are checked one by one; this checks that together they are all of the files.
    expected, unpacked = sum(entry["bytes"] for entry in manifest["files"]), 0
    for shard in manifest["shards"]:
        unpacked += unpack_shard(channel / shard["file"], shard, folder)
    if unpacked != expected:
        sys.exit(f"The shards of {channel} hold {unpacked} bytes, and their files have {expected}: send the data set again.")
    (folder / DONE).write_text(sha256)
    return folder


def read_manifest(channel: Path, sha256: str) -> dict:
    path = channel / MANIFEST
    if not path.exists():
        sys.exit(f"{path} is missing: the data set was not sent to its end. Run npm run train again, which goes on with it.")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f"{path} has the digest {found}, and this job was started for {sha256}: send the data set again.")
    manifest = json.loads(content)
    if manifest["schema"] != SCHEMA:
        sys.exit(f"{path} is {manifest['schema']}, and this code reads {SCHEMA}.")
    return manifest


def unpack_shard(path: Path, shard: dict, folder: Path) -> int:
    """Writes a shard's pieces to their places, and returns how many bytes that were."""
    if not path.exists():
        sys.exit(f"{path} is missing: run npm run train again, which sends it.")
    written = 0
    with open(path, "rb") as file:
        reader = HashingReader(file)
        try:
            with tarfile.open(fileobj=reader, mode="r|") as tar:
                for piece in shard["pieces"]:
                    written += write_piece(tar, piece, folder)
        except tarfile.TarError as cause:
            sys.exit(f"{path} is torn ({cause}): delete it in S3 and run npm run train again, which sends it.")
        while reader.read(CHUNK):
            pass
    if reader.count != shard["bytes"] or reader.digest.hexdigest() != shard["sha256"]:
        sys.exit(
            f"{path} has {reader.count} bytes with the digest {reader.digest.hexdigest()}, not {shard['bytes']} with "
            f"{shard['sha256']}: delete it in S3 and run npm run train again, which sends it."
        )
    return written


def write_piece(tar: tarfile.TarFile, piece: dict, folder: Path) -> int:
    member = tar.next()
    if member is None or member.size != piece["bytes"]:
        raise tarfile.ReadError(f"the piece of {piece['path']} at {piece['offset']} is not there")
    content = tar.extractfile(member)
    with open(safe_path(folder, piece["path"]), "r+b") as file:
        file.seek(piece["offset"])
        shutil.copyfileobj(content, file, CHUNK)
    return member.size


def safe_path(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
        sys.exit(f"{name!r} is no path inside a data set.")
    return folder.joinpath(*parts)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
