"""Writes one small network of random weights in every form in which Keras stores one, by h5py and zipfile alone:

    /usr/bin/python3 test/golden/keras-files/make.py test/golden/keras-files

keras3.keras      as Keras 3 writes it: groups called after classes, variables by number, deflated
keras2.keras      as Keras 2.13 writes it: groups under _layer_checkpoint_dependencies, numbers with gaps, backslashes
named.keras       groups called after layers
keras2.h5         as Keras 2 writes it: weight_names of TensorFlow's variables
keras3.h5         as Keras 3 writes it: weight_names of paths; arrays in chunks, shuffled and deflated
half.h5           the same with 16-bit floats, big-endian and 64-bit ones
weights.h5        weights alone
model.json        the tfjs LayersModel of the same layers, with weights.bin
"""

import json
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(sys.argv[1])
RANDOM = np.random.RandomState(7)


def values(*shape):
    # Halves hold them exactly.
    return (RANDOM.randint(-512, 512, shape) / 256).astype("float32")


def batch_norm(channels):
    return {
        "gamma": values(channels),
        "beta": values(channels),
        "moving_mean": values(channels),
        "moving_variance": np.abs(values(channels)) + 0.5,
    }


def conv(name, filters, size, **more):
    return ("Conv2D", name, {"filters": filters, "kernel_size": [size, size], "padding": "same", **more})


# Layers: class, name, options, inputs; weights by path.
LEFT = [conv("mix", 4, 1, activation="relu"), ("ReLU", "cut", {"max_value": 6.0})]
RIGHT = [conv("mix", 4, 3, use_bias=False), ("BatchNormalization", "norm", {"epsilon": 0.01})]
LAYERS = [
    ("InputLayer", "image", {}, []),
    ("Rescaling", "scale", {"scale": 1 / 128, "offset": -1.0}, ["image"]),
    (*conv("stem", 4, 3, strides=[2, 2], activation="relu"), ["scale"]),
    ("BatchNormalization", "stem_norm", {"epsilon": 0.001}, ["stem"]),
    ("DepthwiseConv2D", "depth", {"kernel_size": [3, 3], "padding": "same", "depth_multiplier": 1}, ["stem_norm"]),
    ("SeparableConv2D", "separable", {"filters": 4, "kernel_size": [3, 3], "padding": "same"}, ["depth"]),
    ("Sequential", "left", LEFT, ["separable"]),
    ("Sequential", "right", RIGHT, ["separable"]),
    ("Add", "sum", {}, ["left", "right"]),
    ("Dropout", "drop", {"rate": 0.5}, ["sum"]),
    (*conv("last", 5, 3), ["drop"]),
    ("GlobalAveragePooling2D", "mean", {}, ["last"]),
    ("Dense", "hidden", {"units": 6, "activation": "tanh"}, ["mean"]),
    ("Dense", "scores", {"units": 3, "activation": "softmax"}, ["hidden"]),
]
WEIGHTS = {
    "stem": {"kernel": values(3, 3, 3, 4), "bias": values(4)},
    "stem_norm": batch_norm(4),
    "depth": {"depthwise_kernel": values(3, 3, 4, 1), "bias": values(4)},
    "separable": {
        "depthwise_kernel": values(3, 3, 4, 1),
        "pointwise_kernel": values(1, 1, 4, 4),
        "bias": values(4),
    },
    "left/mix": {"kernel": values(1, 1, 4, 4), "bias": values(4)},
    "right/mix": {"kernel": values(3, 3, 4, 4)},
    "right/norm": batch_norm(4),
    "last": {"kernel": values(3, 3, 4, 5), "bias": values(5)},
    "hidden": {"kernel": values(5, 6), "bias": values(6)},
    "scores": {"kernel": values(6, 3), "bias": values(3)},
}
SHAPE = [None, 8, 8, 3]
GROUP = {
    "Conv2D": "conv2d",
    "BatchNormalization": "batch_normalization",
    "DepthwiseConv2D": "depthwise_conv2d",
    "SeparableConv2D": "separable_conv2d",
    "Dense": "dense",
    "Sequential": "sequential",
    "Dropout": "dropout",
    "Add": "add",
    "ReLU": "re_lu",
    "InputLayer": "input_layer",
    "Rescaling": "rescaling",
    "GlobalAveragePooling2D": "global_average_pooling2d",
}


def config3():
    """The config of Keras 3: registered names, dtype policies, and tensors in the arguments of calls."""

    def layer(kind, name, options):
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
        if kind == "Sequential":
            first = layer("InputLayer", f"{name}_input", {"batch_shape": [None, 4, 4, 4]})
            options = {"layers": [first, *(layer(*inner) for inner in options)], "build_input_shape": [None, 4, 4, 4]}
        return {
            "module": "keras.layers" if kind != "Sequential" else "keras",
            "class_name": kind,
            "config": {"name": name, "trainable": True, "dtype": policy, **options},
            "registered_name": None,
            "build_config": {"input_shape": SHAPE},
        }

    def tensor(name):
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 4, 4, 4], "dtype": "float32", "keras_history": [name, 0, 0]},
        }

    def call(kind, inputs):
        if not inputs:
            return []
        tensors = [tensor(name) for name in inputs]
        return [{"args": [tensors] if kind == "Add" else tensors, "kwargs": {"training": False} if kind == "Dropout" else {}}]

    layers = [
        {
            **layer(kind, name, {"batch_shape": SHAPE, "sparse": False} if kind == "InputLayer" else options),
            "name": name,
            "inbound_nodes": call(kind, inputs),
        }
        for kind, name, options, inputs in LAYERS
    ]
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["scores", 0, 0]]}
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {"name": "small", "trainable": True, "layers": layers, **ends},
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
        "compile_config": None,
    }


def config2():
    """The config of Keras 2: connections as lists."""

    def layer(kind, name, options):
        if kind == "Sequential":
            first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 4, 4], "name": f"{name}_input"}}
            options = {"layers": [first, *(layer(*inner) for inner in options)]}
        return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **options}}

    layers = [
        {
            **layer(kind, name, {"batch_input_shape": SHAPE} if kind == "InputLayer" else options),
            "name": name,
            # Keras 2 counts the call that made a nested model.
            "inbound_nodes": [[[one, int(one in ("left", "right")), 0, {}] for one in inputs]] if inputs else [],
        }
        for kind, name, options, inputs in LAYERS
    ]
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["scores", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "small", "layers": layers, **ends}}


def numbered(file, layers, path, container, how):
    """Groups and numbers of model.weights.h5."""
    used = {}
    for kind, name, options in layers:
        group = GROUP[kind]
        if group in used:
            used[group] += 1
            group = f"{group}_{used[group]}"
        else:
            used[group] = 0
        has = kind == "Sequential" or f"{path}{name}" in WEIGHTS
        if how == "twice" and has:
            # A layer with weights is met a second time, and counted.
            used[GROUP[kind]] += 1
        at = f"{container}/{name if how == 'name' else group}"
        if kind == "Sequential":
            numbered(file, options, f"{name}/", f"{at}/{container}", how)
            continue
        arrays = WEIGHTS.get(f"{path}{name}", {})
        for number, array in enumerate(arrays.values()):
            place = f"{at}/vars/{number}"
            file.create_dataset(place.replace("/", "\\") if how == "twice" else place, data=array)
        if kind == "Dropout":
            file.create_dataset(f"{at}/seed_generator/vars/0", data=np.array([1, 2], "uint32"))
        elif not arrays:
            file.create_group(f"{at}/vars")


def weights_file(container, how):
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        numbered(file, [(kind, name, options) for kind, name, options, _ in LAYERS], "", container, how)
        file.create_dataset("optimizer/vars/0", data=np.array(5, "int64"))
    return buffer.getvalue()


def archive(name, config, weights, packing, version="3.5.0"):
    with zipfile.ZipFile(FOLDER / name, "w", packing) as file:
        for path, content in [
            ("metadata.json", json.dumps({"keras_version": version, "date_saved": "2024-09-01@00:00:00"})),
            ("config.json", json.dumps(config)),
            ("model.weights.h5", weights),
        ]:
            # The same bytes whenever the file is made.
            entry = zipfile.ZipInfo(path)
            entry.compress_type = packing
            file.writestr(entry, content)


def h5(name, config, weight_name, dtype=lambda number: "<f4", layers=LAYERS, **storage):
    with h5py.File(FOLDER / name, "w") as file:
        root = file
        if config is not None:
            file.attrs["keras_version"] = "2.15.0"
            file.attrs["backend"] = "tensorflow"
            file.attrs["model_config"] = json.dumps(config)
            root = file.create_group("model_weights")
            file.create_dataset("optimizer_weights/iteration:0", data=np.array(3, "int64"))
        root.attrs["layer_names"] = [layer[1].encode() for layer in layers]
        for _, layer, options, _ in layers:
            group = root.create_group(layer)
            names = []
            inner = [f"{layer}/{part[1]}" for part in options] if isinstance(options, list) else [layer]
            for path in inner:
                for weight, array in WEIGHTS.get(path, {}).items():
                    names.append(weight_name(path, weight))
                    kind = dtype(len(names))
                    chunks = tuple(max(1, (side + 1) // 2) for side in array.shape)
                    group.create_dataset(names[-1], data=array.astype(kind), **({"chunks": chunks, **storage} if storage and array.size > 100 else {}))
            group.attrs["weight_names"] = [one.encode() for one in names]


def layers_model():
    specs, parts = [], []
    for path, arrays in WEIGHTS.items():
        for weight, array in arrays.items():
            specs.append({"name": f"{path}/{weight}", "shape": list(array.shape), "dtype": "float32"})
            parts.append(array.tobytes())
    manifest = {
        "format": "layers-model",
        "generatedBy": "keras v2.15.0",
        "modelTopology": {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": config2()},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": specs}],
    }
    (FOLDER / "model.json").write_text(json.dumps(manifest))
    (FOLDER / "weights.bin").write_bytes(b"".join(parts))


archive("keras3.keras", config3(), weights_file("layers", "class"), zipfile.ZIP_DEFLATED)
archive("keras2.keras", config2(), weights_file("_layer_checkpoint_dependencies", "twice"), zipfile.ZIP_STORED, "2.13.1")
archive("named.keras", config3(), weights_file("layers", "name"), zipfile.ZIP_DEFLATED)
h5("keras2.h5", config2(), lambda path, weight: f"{path.split('/')[-1]}/{weight}:0")
h5(
    "keras3.h5",
    config3(),
    lambda path, weight: f"{path}/{weight}" if "/" in path else f"small/{path}/{weight}",
    compression="gzip",
    shuffle=True,
)
h5("half.h5", config2(), lambda path, weight: f"{path.split('/')[-1]}/{weight}:0", lambda i: ["<f2", ">f4", "<f8"][i % 3])
h5("weights.h5", None, lambda path, weight: f"{path}/{weight}:0", layers=LAYERS[-1:])
layers_model()
