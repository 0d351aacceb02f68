#!/usr/bin/env python3
"""Reads a Holdfast repository without Holdfast. Written from ../README.md alone; see README.md beside this file.

Shows the recovery points of a repository in a folder, and restores a disk of one of them to a raw file. Every chunk is
decrypted, and its id is computed again from its bytes. Nothing in the repository is changed.
"""

import argparse
import base64
import ctypes
import ctypes.util
import getpass
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import time
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES = 256 * 1024
FAN_OUT = 256
TAG_BYTES = 16
MAX_PACK_BYTES = 32 * 1024 * 1024
MAX_INDEX_BYTES = 256 * 1024 * 1024
MAX_POINT_BYTES = 16 * 1024 * 1024
MAX_EPOCH_BYTES = 256 * 1024 * 1024
MAX_CONFIG_BYTES = 64 * 1024
MAX_SLOT_BYTES = 16 * 1024
MAX_DISK_BYTES = 64 * 1024**4
ENTRY = struct.Struct(">32sIIIBB")
KINDS = {0: "data", 1: "node"}
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Damage(Exception):
    """An object does not hold what was written. The text begins with the object's name."""


class Refused(Exception):
    """The key, the options or this machine do not allow what was asked."""


# Cryptography


def hkdf(key, salt, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info.encode()).derive(key)


def unseal(key, counter, context, sealed):
    """Opens AES-256-GCM; raises InvalidTag where anything differs."""
    if len(sealed) < TAG_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(bytes(8) + struct.pack(">I", counter), bytes(sealed), context)


def c_library(name, file):
    try:
        return ctypes.CDLL(file)
    except OSError:
        found = ctypes.util.find_library(name)
        return None if found is None else ctypes.CDLL(found)


def argon2id(passphrase, salt, memory_kib, passes, lanes):
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib).derive(passphrase)
    except ImportError:
        pass
    library = c_library("argon2", "libargon2.so.1")
    if library is None:
        raise Refused(
            "a passphrase needs Argon2id, and neither this python3-cryptography nor a libargon2.so.1 has it: "
            "install libargon2-1, or use the recovery code"
        )
    out = ctypes.create_string_buffer(32)
    u32, size = ctypes.c_uint32, ctypes.c_size_t
    status = library.argon2id_hash_raw(
        u32(passes), u32(memory_kib), u32(lanes), passphrase, size(len(passphrase)), salt, size(len(salt)), out, size(32)
    )
    if status != 0:
        raise Refused("libargon2 answers error %d" % status)
    return out.raw


def make_decompress():
    """Answers a function (frame, plain length) -> bytes, which raises ValueError for what is no such frame."""
    try:
        from compression import zstd  # Python 3.14 and later

        def by_python(frame, length):
            try:
                return zstd.decompress(frame)
            except zstd.ZstdError as error:
                raise ValueError(str(error)) from error

        return by_python
    except ImportError:
        pass
    library = c_library("zstd", "libzstd.so.1")
    if library is None:
        raise Refused("chunks are compressed by zstd, and there is no libzstd.so.1: install libzstd1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    size = ctypes.c_size_t

    def by_library(frame, length):
        out = ctypes.create_string_buffer(max(length, 1))
        count = library.ZSTD_decompress(out, size(length), frame, size(len(frame)))
        if library.ZSTD_isError(size(count)):
            raise ValueError("no zstd frame of %d bytes" % length)
        return out.raw[:count]

    return by_library


# The store: a folder


def read_object(root, name, largest):
    path = os.path.join(root, *name.split("/"))
    try:
        if os.path.getsize(path) > largest:
            raise Damage("%s: the object is larger than the format allows" % name)
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Damage("%s: cannot be read (%s)" % (name, error.strerror)) from error


def list_objects(root, folder):
    try:
        return ["%s/%s" % (folder, name) for name in sorted(os.listdir(os.path.join(root, folder))) if not name.startswith(".")]
    except FileNotFoundError:
        return []


# Keys


def parse_letters(text, length, label, what):
    """Reads Crockford base 32 and takes off the 3-byte checksum."""
    letters = re.sub(r"[\s-]", "", text).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(letters) * 5 != (length + 3) * 8 or any(letter not in CODE_ALPHABET for letter in letters):
        raise Refused("%s does not have %d groups of 4 letters" % (what, (length + 3) * 2 // 5))
    value = 0
    for letter in letters:
        value = value * 32 + CODE_ALPHABET.index(letter)
    data = value.to_bytes(length + 3, "big")
    if hashlib.sha256(label + data[:length]).digest()[:3] != data[length:]:
        raise Refused("%s has a typing mistake" % what)
    return data[:length]


def multiply(a, b):
    """In GF(256) with x^8+x^4+x^3+x+1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    result = 1
    for _ in range(254):
        result = multiply(result, a)
    return result


def join_shares(texts):
    """Answers the set of the shares (8 bytes) and the secret at 0 of their polynomials."""
    shares = {}
    sets = set()
    for position, text in enumerate(texts, 1):
        data = parse_letters(text, 42, b"holdfast/1/key-share", "share %d of those given" % position)
        sets.add(data[:9])
        shares[data[9]] = data[10:]
    if len(sets) != 1:
        raise Refused("the shares are not of one set")
    threshold = next(iter(sets))[8]
    if len(shares) < threshold:
        raise Refused("%d different shares were given, and %d are needed" % (len(shares), threshold))
    used = sorted(shares)[:threshold]
    secret = bytearray(32)
    for x in used:
        weight = 1
        for other in used:
            if other != x:
                weight = multiply(weight, multiply(other, inverse(other ^ x)))
        for at, byte in enumerate(shares[x]):
            secret[at] ^= multiply(byte, weight)
    return next(iter(sets))[:8], bytes(secret)


def read_config(root):
    """Answers the id of the repository; raises Damage where the config does not say it."""
    try:
        config = json.loads(read_object(root, "config", MAX_CONFIG_BYTES))
        if config["format"] == "holdfast-repository" and config["version"] != 1:
            raise Refused("config: this is no Holdfast repository of version 1")
        if config["format"] != "holdfast-repository" or not isinstance(config["id"], str):
            raise ValueError("format")
        return config["id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damage("config: it is not the JSON that a repository begins with") from error


def stretch(text, salt, kdf):
    """Answers the key of a passphrase slot; raises ValueError for work that the format does not allow."""
    given = unicodedata.normalize("NFC", text).encode()
    if kdf["name"] == "argon2id":
        memory, passes, lanes = kdf["memoryKib"], kdf["passes"], kdf["lanes"]
        if not (19456 <= memory <= 1048576 and 2 <= passes <= 16 and 1 <= lanes <= 16):
            raise ValueError("argon2id parameters")
        return argon2id(given, salt, memory, passes, lanes)
    if kdf["name"] == "pbkdf2-hmac-sha512" and 210000 <= kdf["iterations"] <= 10000000:
        return hashlib.pbkdf2_hmac("sha512", given, salt, kdf["iterations"], 32)
    raise ValueError("kdf")


def open_slot(root, name, secret):
    """Answers the repository's id and the master key, or None where the slot is not the secret's; raises Damage where it is no slot."""
    slot_id = name[len("keys/") :]
    kind, given = secret
    try:
        header_text, sealed_text, _check, rest = read_object(root, name, MAX_SLOT_BYTES).split(b"\n")
        header = json.loads(header_text)
        if rest or header["format"] != "holdfast-key-slot" or header["version"] != 1:
            raise ValueError("format")
        if header["kind"] != kind:
            return None
        salt = base64.b64decode(header["salt"], validate=True)
        if kind == "passphrase":
            key = stretch(given, salt, header["kdf"])
        elif kind == "recovery":
            key = hkdf(given, salt, "holdfast/1/slot/recovery")
        elif bytes.fromhex(slot_id)[:8] == given[0]:
            key = hkdf(given[1], salt, "holdfast/1/slot/shares")
        else:
            return None
        context = ("holdfast/1/key-slot/%s\n" % slot_id).encode() + header_text
        return header["repository"], unseal(key, 0, context, base64.b64decode(sealed_text, validate=True))
    except InvalidTag:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Damage("%s: it is no key slot of this version" % name) from error


def open_master(root, secret, warnings):
    """
    Answers the repository's id and the master key. `secret` is ("passphrase", text), ("recovery", code) or ("shares", (set,
    secret)). Without a config that can be read, the slot that opens says which repository it is.
    """
    try:
        repository_id = read_config(root)
    except Damage as damage:
        warnings.append(str(damage))
        repository_id = None
    others = []
    for name in list_objects(root, "keys"):
        try:
            opened = open_slot(root, name, secret)
        except Damage as damage:
            warnings.append(str(damage))
            continue
        if opened is not None and opened[0] == repository_id:
            return opened
        others += [] if opened is None else [opened]
    if others and repository_id is None:
        return others[0]
    words = {"passphrase": "the passphrase does", "recovery": "the recovery code does", "shares": "the shares do"}
    raise Refused("%s not open this repository" % words[secret[0]])


# The repository


class Repository:
    def __init__(self, root, secret):
        self.root = root
        self.warnings = []
        self.id, self.master = open_master(root, secret, self.warnings)
        self.id_key = hkdf(self.master, self.id.encode(), "holdfast/1/id")
        self.decompress = make_decompress()
        self.places = None
        self.pack_keys = {}

    def open_object(self, name, largest):
        data = read_object(self.root, name, largest)
        if len(data) < 24 + TAG_BYTES or data[:8] != b"HFOBJ001":
            raise Damage("%s: it is no sealed object, or it is cut off" % name)
        try:
            return unseal(hkdf(self.master, data[8:24], "holdfast/1/object/" + name), 0, name.encode(), data[24:])
        except InvalidTag as error:
            raise Damage("%s: its seal is broken" % name) from error

    def points(self):
        """Answers each point, newest first, with its `status`; what cannot be read goes to `warnings`."""
        found = []
        for name in list_objects(self.root, "points"):
            try:
                found.append(json.loads(self.open_object(name, MAX_POINT_BYTES)))
            except Damage as damage:
                self.warnings.append(str(damage))
        # After the points: what is called good here was not withdrawn before it was read.
        marks = [{name.split("/")[1] for name in list_objects(self.root, folder)} for folder in ("deleted", "fenced")]
        epoch = self.last_epoch()
        for point in found:
            point["status"] = self.status_of(point, epoch, *marks)
        return sorted(found, key=lambda point: (-point["publishedAtMs"], point["id"]))

    def last_epoch(self):
        names = list_objects(self.root, "epochs")
        if not names:
            return {"expired": {}, "dropped": [], "points": []}
        try:
            return json.loads(self.open_object(names[-1], MAX_EPOCH_BYTES))
        except Damage as damage:
            self.warnings.append("%s; points that expired may be shown as good" % damage)
            return {"expired": {}, "dropped": [], "points": []}

    @staticmethod
    def status_of(point, epoch, deleted, fenced):
        """Only a good point is sure to have all of its data."""
        if point["id"] in epoch["expired"] or point["id"] in epoch["dropped"]:
            return "expired"
        if point["id"] in deleted:
            return "deleted"
        if point.get("writerId") in fenced and point["id"] not in epoch["points"]:
            return "unacknowledged"
        return "good"

    def load_index(self):
        """Every place of every chunk, by id. Damaged index objects are named in `warnings`; others may hold the same."""
        if self.places is not None:
            return
        self.places = {}
        for name in list_objects(self.root, "index"):
            try:
                self.read_index(name, self.open_object(name, MAX_INDEX_BYTES))
            except Damage as damage:
                self.warnings.append(str(damage))

    def read_index(self, name, data):
        try:
            (replaced,) = struct.unpack_from(">I", data, 0)
            at = 4 + 16 * replaced
            (packs,) = struct.unpack_from(">I", data, at)
            at += 4
            for _ in range(packs):
                pack_id, count = struct.unpack_from(">16sI", data, at)
                at += 20
                for number in range(count):
                    chunk_id, offset, stored, plain, compressed, kind = ENTRY.unpack_from(data, at)
                    at += ENTRY.size
                    place = (pack_id, number, offset, stored, plain, compressed, kind)
                    self.places.setdefault(chunk_id, []).append(place)
        except struct.error as error:
            raise Damage("%s: it is cut off inside" % name) from error
        if at != len(data):
            raise Damage("%s: it has bytes left over" % name)

    def chunk(self, chunk_id, kind):
        """Answers the bytes of a chunk from the first place that holds them whole."""
        places = self.places.get(chunk_id, [])
        if not places:
            raise Damage("chunk %s: no readable index names it" % chunk_id.hex())
        first = None
        for place in places:
            try:
                return self.open_chunk(chunk_id, kind, place)
            except Damage as damage:
                first = first or damage
        raise first

    def open_chunk(self, chunk_id, kind, place):
        pack_id, number, offset, stored, plain_length, compressed, kind_number = place
        pack = "packs/%s/%s" % (pack_id.hex()[:2], pack_id.hex())
        what = "%s: chunk %s" % (pack, chunk_id.hex())
        if KINDS.get(kind_number) != kind:
            raise Damage("%s is of another kind" % what)
        if stored > MAX_PACK_BYTES or plain_length > CHUNK_BYTES:
            raise Damage("%s is larger than the format allows" % what)
        try:
            with open(os.path.join(self.root, *pack.split("/")), "rb") as file:
                file.seek(offset)
                sealed = file.read(stored)
        except OSError as error:
            raise Damage("%s: cannot be read (%s)" % (pack, error.strerror)) from error
        if len(sealed) != stored:
            raise Damage("%s: the pack is cut off before chunk %s" % (pack, chunk_id.hex()))
        if pack_id not in self.pack_keys:
            self.pack_keys[pack_id] = hkdf(self.master, pack_id, "holdfast/1/pack")
        context = b"holdfast/1/chunk" + chunk_id + struct.pack(">IBB", plain_length, compressed, kind_number)
        try:
            body = unseal(self.pack_keys[pack_id], number, context, sealed)
            plain = self.decompress(body, plain_length) if compressed else body
        except InvalidTag as error:
            raise Damage("%s: its seal is broken" % what) from error
        except ValueError as error:
            raise Damage("%s: it does not decompress" % what) from error
        if len(plain) != plain_length:
            raise Damage("%s has another length" % what)
        if hmac.new(self.id_key, kind.encode() + hashlib.sha256(plain).digest(), "sha256").digest() != chunk_id:
            raise Damage("%s: its bytes have another id" % what)
        return plain

    def disk_chunks(self, image):
        """Yields (offset, bytes) of every chunk of a disk that is not zeros, in order."""
        size = image["sizeBytes"]
        if not 0 < size <= MAX_DISK_BYTES or image["chunkSizeBytes"] != CHUNK_BYTES:
            raise Damage("the image has a size that the format does not know")
        self.load_index()
        level = 0
        while CHUNK_BYTES * FAN_OUT ** (level + 1) < size:
            level += 1
        if image["rootId"] is not None:
            yield from self.walk(bytes.fromhex(image["rootId"]), level, 0, size)

    def walk(self, node_id, level, start, size):
        node = self.chunk(node_id, "node")
        name = "node %s" % node_id.hex()
        bitmap = node[8:40]
        present = [i for i in range(FAN_OUT) if len(bitmap) == 32 and bitmap[i // 8] >> (i % 8) & 1]
        if node[:8] != b"HFND" + bytes([level, 0, 0, 0]) or len(node) != 40 + 32 * len(present):
            raise Damage("%s: it is no node of level %d" % (name, level))
        span = CHUNK_BYTES * FAN_OUT**level
        for rank, i in enumerate(present):
            child = node[40 + 32 * rank : 72 + 32 * rank]
            at = start + i * span
            if at >= size:
                raise Damage("%s: a child is past the end of the disk" % name)
            if level > 0:
                yield from self.walk(child, level - 1, at, size)
                continue
            plain = self.chunk(child, "data")
            if len(plain) != min(CHUNK_BYTES, size - at):
                raise Damage("chunk %s: it has another length than its place on the disk" % child.hex())
            yield at, plain


# Commands


def choose_point(repository, wanted):
    points = repository.points()
    good = [point for point in points if point["status"] == "good"]
    if wanted == "latest" and good:
        return good[0]
    for point in points:
        if point["id"] == wanted:
            if point["status"] != "good":
                print("warning: point %s is %s: its data may be gone" % (wanted, point["status"]), file=sys.stderr)
            return point
    for warning in repository.warnings:
        if warning.startswith("points/%s:" % wanted):
            raise Damage(warning)
    raise Refused("there is no point %s here; `points` lists them" % wanted)


def choose_disk(point, wanted):
    disks = point["disks"]
    if wanted is None and len(disks) == 1:
        return disks[0]
    for disk in disks:
        if disk.get("name") == wanted:
            return disk
    names = ", ".join(str(disk.get("name")) for disk in disks)
    raise Refused("choose a disk of point %s by --disk: %s" % (point["id"], names))


def show_points(repository, _options):
    points = repository.points()
    for point in points:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(point["publishedAtMs"] / 1000))
        instance = point.get("instance") or {}
        status = "" if point["status"] == "good" else "  (%s)" % point["status"]
        print("%s  %s  %s%s" % (point["id"], when, instance.get("name", ""), status))
        for disk in point["disks"]:
            print("  disk %s  %d bytes" % (disk.get("name"), disk["image"]["sizeBytes"]))


def restore(repository, options):
    disk = choose_disk(choose_point(repository, options.point), options.disk)
    size = disk["image"]["sizeBytes"]
    with open(options.out, "xb") as out:
        out.truncate(size)
        for at, plain in repository.disk_chunks(disk["image"]):
            out.seek(at)
            out.write(plain)
        out.flush()
        os.fsync(out.fileno())
    print("restored %d bytes to %s" % (size, options.out))


def verify(repository, options):
    if options.point is None:
        chosen = [point for point in repository.points() if point["status"] == "good"]
    else:
        chosen = [choose_point(repository, options.point)]
    for point in chosen:
        for disk in point["disks"]:
            count = sum(len(plain) for _at, plain in repository.disk_chunks(disk["image"]))
            print("%s  disk %s  %d bytes that are not zeros are whole" % (point["id"], disk.get("name"), count))


def read_labelled(path, label):
    """The line of a printed sheet that begins with a label, or the whole text where there is none."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    line = re.search(r"^%s:\s*(\S+)\s*$" % label, text, re.MULTILINE)
    return line.group(1) if line else text


def read_secret(options):
    if options.share_file:
        return "shares", join_shares([read_labelled(path, "Share") for path in options.share_file])
    if options.recovery_code_file is not None:
        text = read_labelled(options.recovery_code_file, "Code")
        return "recovery", parse_letters(text, 32, b"holdfast/1/recovery-code", "the recovery code")
    if options.passphrase_file is not None:
        with open(options.passphrase_file, encoding="utf-8", newline="") as file:
            return "passphrase", re.sub(r"\r?\n\Z", "", file.read())
    return "passphrase", getpass.getpass("Passphrase of the repository: ")


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description="Reads a Holdfast repository without Holdfast.")
    parser.add_argument("repository", help="folder of the repository")
    parser.add_argument("--recovery-code-file", help="file with the recovery kit or its code")
    parser.add_argument("--share-file", action="append", help="file with a key share; give it once a share")
    parser.add_argument("--passphrase-file", help="file with the passphrase; asked for without either")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("points", help="list the recovery points and their disks").set_defaults(run=show_points)
    one = commands.add_parser("restore", help="write a disk to a new raw file")
    one.add_argument("point", help="id of the point, or latest")
    one.add_argument("out", help="the new file")
    one.add_argument("--disk", help="name of the disk, where the point has several")
    one.set_defaults(run=restore)
    every = commands.add_parser("verify", help="read every chunk of a point, or of all points")
    every.add_argument("point", nargs="?", help="id of the point, or latest")
    every.set_defaults(run=verify)
    return parser.parse_args(argv)


def main(argv):
    options = parse_arguments(argv)
    repository = None
    try:
        repository = Repository(options.repository, read_secret(options))
        options.run(repository, options)
    except Damage as damage:
        print("damaged: %s" % damage, file=sys.stderr)
        return 21
    except (Refused, OSError) as error:
        print("refused: %s" % error, file=sys.stderr)
        return 1
    finally:
        for warning in [] if repository is None else repository.warnings:
            print("warning: damaged: %s" % warning, file=sys.stderr)
    return 21 if repository.warnings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
