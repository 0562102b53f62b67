"""Small data sets in every kind of file, as the tools write them that people write them with: numpy, tarfile, zipfile, gzip, PIL, pyarrow.

    python3 test/golden/data_files.py FOLDER

Picture n of a set has, in row y and column x, the value (37 n + 11 y + 5 x + 71 c) mod 256 in channel c, and class n mod 3. Files:

    pictures.npy            [7, 4, 5, 3] uint8
    grey.npy                [7, 4, 5] uint8
    labels.npy              [7] int64
    stored.npz, packed.npz  x_train, y_train, x_test, y_test; 7 and 4 pictures
    many.npz                one array of pictures, one of floats, no labels
    floats.npy, fortran.npy, channels-first.npy   what is refused
    train-images-idx3-ubyte, train-labels-idx1-ubyte, each also with .gz: MNIST's form, 7 grey pictures
    colour.idx              [7, 4, 5, 3]
    cifar-10.bin, cifar-100.bin   3 pictures of 32x32; the coarse class is 9
    shard-000.tar, shard-001.tar  WebDataset: 4 and 3 samples, PNG; .cls, .json, .txt, and a folder's name in turns
    packed.tar.gz           the first again
    pictures.zip            the 7 as set/class/n.png, stored and deflated in turns, and files that are no pictures
    train-0.parquet, train-1.parquet   Hugging Face's form: 4 and 3 rows, 2 a row group
    plain.parquet           the same without Hugging Face's metadata, Zstandard, the label as text
"""

import gzip
import io
import json
import os
import struct
import sys
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

CLASSES = ["cat", "dog", "owl"]


def pictures(count, height, width, channels, first=0):
    n, y, x, c = np.ogrid[first : first + count, 0:height, 0:width, 0:channels]
    return ((37 * n + 11 * y + 5 * x + 71 * c) % 256).astype(np.uint8)


def png(picture):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG")
    return out.getvalue()


def arrays(folder):
    x, y = pictures(7, 4, 5, 3), np.arange(7) % 3
    np.save(f"{folder}/pictures.npy", x)
    np.save(f"{folder}/grey.npy", x[..., 0])
    np.save(f"{folder}/labels.npy", y)
    np.save(f"{folder}/floats.npy", x.astype(np.float32) / 255)
    np.save(f"{folder}/fortran.npy", np.asfortranarray(x))
    np.save(f"{folder}/channels-first.npy", np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    parts = {"x_train": x, "y_train": y.astype(np.uint8), "x_test": pictures(4, 4, 5, 3, 7), "y_test": np.arange(7, 11)[:, None] % 3}
    np.savez(f"{folder}/stored.npz", **parts)
    np.savez_compressed(f"{folder}/packed.npz", **parts)
    np.savez_compressed(f"{folder}/many.npz", features=np.zeros((7, 2), np.float32), pictures=x)


def idx(folder):
    def write(name, values):
        content = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
        with open(f"{folder}/{name}", "wb") as out:
            out.write(content)
        return content

    x = pictures(7, 4, 5, 3)
    for name, values in (("train-images-idx3-ubyte", x[..., 0]), ("train-labels-idx1-ubyte", (np.arange(7) % 3).astype(np.uint8))):
        content = write(name, values)
        with open(f"{folder}/{name}.gz", "wb") as out:
            out.write(gzip.compress(content, mtime=0))
    write("colour.idx", x)


def cifar(folder):
    planes = pictures(3, 32, 32, 3).transpose(0, 3, 1, 2)
    with open(f"{folder}/cifar-10.bin", "wb") as out:
        for n, picture in enumerate(planes):
            out.write(bytes([n]) + picture.tobytes())
    with open(f"{folder}/cifar-100.bin", "wb") as out:
        for n, picture in enumerate(planes):
            out.write(bytes([9, 40 + n]) + picture.tobytes())


def tars(folder):
    def add(tar, name, content):
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))

    x = pictures(7, 4, 5, 3)
    for name, numbers, mode in (("shard-000.tar", range(4), "w"), ("shard-001.tar", range(4, 7), "w"), ("packed.tar.gz", range(4), "w:gz")):
        with tarfile.open(f"{folder}/{name}", mode) as tar:
            for n in numbers:
                key = f"set/{CLASSES[n % 3]}/{n:04}" if n % 4 == 3 else f"{n:04}"
                # A second picture of the same sample, whose extension has a dot.
                add(tar, f"{key}.seg.png", b"no picture")
                add(tar, f"{key}.png", png(x[n]))
                if n % 4 == 0:
                    add(tar, f"{key}.cls", b"%d\n" % (n % 3))
                elif n % 4 == 1:
                    add(tar, f"{key}.json", json.dumps({"label": n % 3, "more": [1, 2]}).encode())
                elif n % 4 == 2:
                    add(tar, f"{key}.txt", CLASSES[n % 3].encode())
            add(tar, "readme.md", b"a sample without a picture")


def archive(folder):
    with zipfile.ZipFile(f"{folder}/pictures.zip", "w") as out:
        def add(name, content, method):
            out.writestr(zipfile.ZipInfo(name), content, method)

        add("set/", b"", zipfile.ZIP_STORED)
        for n, picture in enumerate(pictures(7, 4, 5, 3)):
            add(f"set/{CLASSES[n % 3]}/{n}.png", png(picture), [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][n % 2])
        add("set/readme.md", b"no picture", zipfile.ZIP_DEFLATED)
        add("__MACOSX/set/cat/._0.png", b"no picture", zipfile.ZIP_DEFLATED)


def tables(folder):
    x = pictures(7, 4, 5, 3)
    struct_of = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {"image": {"_type": "Image"}, "label": {"names": CLASSES, "_type": "ClassLabel"}, "size": {"dtype": "int32", "_type": "Value"}}
    schema = pa.schema([("size", pa.int32()), ("image", struct_of), ("label", pa.int64())])
    schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    for file, numbers in ((0, range(4)), (1, range(4, 7))):
        rows = {
            "size": [20 for _ in numbers],
            "image": [{"bytes": png(x[n]), "path": f"{n}.png"} for n in numbers],
            "label": [n % 3 for n in numbers],
        }
        pq.write_table(pa.table(rows, schema=schema), f"{folder}/train-{file}.parquet", row_group_size=2)
    rows = {"picture": [{"bytes": png(p), "path": None} for p in x], "class": [CLASSES[n % 3] for n in range(7)]}
    schema = pa.schema([("picture", struct_of), ("class", pa.string())])
    pq.write_table(pa.table(rows, schema=schema), f"{folder}/plain.parquet", row_group_size=3, compression="zstd")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for write in (arrays, idx, cifar, tars, archive, tables):
        write(folder)


main()
