"""Random module trees, as Ashlar's modules files have them and as torch modules on the meta device,
with random budgets and maps for them.
"""


import torch
from accelerate.utils import CustomDtype

NAMES = ["h", "path", "enc", "layers", "0", "1", "10", "w", "attn", "mlp", "weight_scale", "th"]
TENSORS = ["weight", "bias", "scale", "h", "w", "0"]
CLASSES = ["Block", "Linear", "Norm", "Attention", "TransformerDecoderLayer"]
FLOATS = ["float32", "float32", "float16", "bfloat16", "float64"]
ODD = [
    "bool",
    "int8",
    "uint8",
    "int64",
    "int32",
    "float8_e4m3fn",
    "float8_e8m0fnu",
    "int4",
    "uint2",
]
ODD += ["float4_e2m1fn_x2", "complex64"]
PLANNED = ["float16", "bfloat16", "float32", "int8", "half", "torch.float16", "bool", "INT4"]
PLANNED += ["INT2", "FP8"]


def torch_type(name):
    return (
        CustomDtype[name]
        if name in CustomDtype.__members__
        else getattr(torch, name.split(".")[-1])
    )


def planned_type(name):
    """As a user hands it to Accelerate."""
    return CustomDtype[name] if name in CustomDtype.__members__ else name


class Maker:
    def __init__(self, rng, odd):
        self.rng = rng
        self.odd = odd  # how often a tensor has a type of its own
        self.type = rng.choice(FLOATS)

    def tensor(self, name, persistent=None):
        shape = [
            self.rng.choice([0, 1, 2, 3, 4, 5, 7, 8, 16]) for _ in range(self.rng.randrange(4))
        ]
        if self.rng.random() < 0.8:
            shape = [extent or 1 for extent in shape]
        dtype = self.rng.choice(ODD if self.rng.random() < self.odd else [self.type])
        made = {"name": name, "shape": shape, "dtype": dtype}
        if persistent is not None:
            made["persistent"] = persistent
        return made

    def module(self, depth):
        rng = self.rng
        own = rng.random() < (0.25 if depth else 0.9)
        names = rng.sample(TENSORS, rng.choice([1, 1, 2, 3])) if own or rng.random() < 0.3 else []
        cut = len(names) if rng.random() < 0.6 else rng.randrange(len(names) + 1)
        made = {
            "class": rng.choice(CLASSES),
            "params": [self.tensor(name) for name in names[:cut]],
            "buffers": [self.tensor(name, rng.random() < 0.7) for name in names[cut:]],
            "children": [],
        }
        if depth:
            free = [name for name in NAMES if name not in names]
            for name in rng.sample(free, rng.choice([1, 2, 2, 3, 4])):
                below = depth - 1 if rng.random() < 0.7 else 0
                made["children"].append({"name": name, **self.module(below)})
        return made


def repeated(maker, rng):
    """What models look like: blocks of one shape, an embedding before them and a head behind."""
    table = maker.tensor("weight")
    block = maker.module(rng.choice([1, 2]))
    block["class"] = "Block"
    stack = {
        "name": "layers",
        "class": "ModuleList",
        "children": [{"name": str(i), **block} for i in range(rng.choice([2, 3, 5, 8]))],
    }
    inner = {
        "name": rng.choice(["model", "enc"]),
        "class": "Model",
        "children": [
            {"name": "embed", "class": "Embedding", "params": [table]},
            stack,
            {"name": "norm", "class": "Norm", "params": [maker.tensor("weight")]},
        ],
    }
    head = {"name": "lm_head", "class": "Linear", "params": [table]}
    order = [inner, head] if rng.random() < 0.8 else [head, inner]
    tied = [[inner["name"] + ".embed.weight", "lm_head.weight"]] if rng.random() < 0.5 else []
    return {"class": "Causal", "children": order}, tied


def walk(module, prefix=""):
    """Names with modules, in pre-order."""
    yield prefix, module
    for child in module.get("children", []):
        yield from walk(child, f"{prefix}.{child['name']}" if prefix else child["name"])


def tensors(module, kind):
    for prefix, inner in walk(module):
        for tensor in inner.get(kind, []):
            yield (f"{prefix}." if prefix else "") + tensor["name"], tensor


def tie(rng, root, most):
    """Makes random groups of parameters one tensor each."""
    names = dict(tensors(root, "params"))
    free = sorted(names)
    rng.shuffle(free)
    groups = []
    for _ in range(rng.randrange(1, most + 1)):
        group, free = free[: rng.choice([2, 2, 2, 3, 4])], free[4:]
        if len(group) > 1:
            for name in group:
                names[name].update(shape=names[group[0]]["shape"], dtype=names[group[0]]["dtype"])
            groups.append(group)
    return groups


def make_tree(rng):
    maker = Maker(rng, rng.choice([0, 0, 0.1, 0.5]))
    if rng.random() < 0.4:
        return repeated(maker, rng)
    root = maker.module(rng.choice([1, 2, 3, 3, 4]))
    return root, tie(rng, root, 3) if rng.random() < 0.5 else []


def torch_module(module):
    made = type(module["class"], (torch.nn.Module,), {})()
    for kind in ("params", "buffers"):
        for tensor in module.get(kind, []):
            value = torch.empty(tensor["shape"], dtype=torch_type(tensor["dtype"]), device="meta")
            if kind == "params":
                parameter = torch.nn.Parameter(value, requires_grad=False)
                made.register_parameter(tensor["name"], parameter)
            else:
                made.register_buffer(tensor["name"], value, tensor["persistent"])
    for child in module.get("children", []):
        made.add_module(child["name"], torch_module(child))
    return made


def source(group, root):
    """The member that is defined first."""
    return next(name for name, _ in tensors(root, "params") if name in group)


def torch_model(root, tied, by_identity):
    """Ties are one object for Accelerate and declared names for Transformers."""
    model = torch_module(root)
    model.all_tied_weights_keys = {}
    for group in tied:
        first = group["source"] if isinstance(group, dict) else source(group, root)
        rest = group["targets"] if isinstance(group, dict) else [n for n in group if n != first]
        for name in rest:
            model.all_tied_weights_keys[name] = first
            if by_identity:
                parent, _, leaf = name.rpartition(".")
                model.get_submodule(parent)._parameters[leaf] = model.get_parameter(first)
    return model


# --- what is asked of them ------------------------------------------------------------------------


def some(rng, names, most):
    return rng.sample(names, min(len(names), rng.randrange(most + 1)))


def random_budgets(rng, sizes, strategy):
    """Around what modules take, where one byte decides."""
    candidates = [size for size in sizes.values() if size]
    total = sizes.get("", 0)

    def size():
        kind = rng.random()
        if kind < 0.1 or not candidates:
            return rng.choice([0, 1, 10**12])
        if kind < 0.5:
            value = total * rng.choice([0.2, 0.4, 0.6, 0.9, 1.1, 1.5]) * rng.random()
        else:
            value = sum(rng.choices(candidates, k=rng.choice([1, 2, 3]))) + rng.choice(
                [-1, 0, 0, 0, 1]
            )
        return max(0, int(value))

    budgets = {}
    ids = range(rng.choice([0, 1, 1, 2, 2, 3, 4]))
    shift = rng.choice([0] * 8 + [1])
    for i in ids:
        budgets[str(i + shift)] = size()
    if rng.random() < 0.05:
        budgets["mps"] = size()
    if rng.random() < 0.7:
        budgets["cpu"] = size()
    if rng.random() < (0.05 if strategy != "sequential" else 0.15):
        budgets["disk"] = size()
    names = list(budgets)
    rng.shuffle(names)
    for name in names:
        if rng.random() < 0.03:
            budgets[name] = budgets[name] + rng.choice([0.0, 0.5, 0.3])
        elif rng.random() < 0.03:
            budgets[name] = rng.choice(["1KB", "0.5KB", "1kb", "0.1 KiB", "1e-3MB", "1GB"])
    return {name: budgets[name] for name in names}


def random_map(rng, root, names):
    """Keys at all levels, most of them of modules that are there, with few devices."""
    devices = rng.choice([[0], [0, 1], [0, 1, "cpu", "disk", "cuda:0", "cuda:1"]])
    made = {}

    def cover(prefix, module):
        leaf = not module.get("children")
        if rng.random() < (0.95 if leaf else 0.4) and prefix:
            made[prefix] = rng.choice(devices)
        else:
            for kind in ("params", "buffers"):
                for tensor in module.get(kind, []):
                    if rng.random() < 0.9:
                        made[f"{prefix}.{tensor['name']}" if prefix else tensor["name"]] = (
                            rng.choice(devices)
                        )
            for child in module.get("children", []):
                cover(f"{prefix}.{child['name']}" if prefix else child["name"], child)

    cover("", root)
    for name in some(rng, names, 1 if rng.random() < 0.3 else 0):
        made[name] = rng.choice(devices)
    if rng.random() < 0.1:
        made["nowhere.at.all"] = 0
    if rng.random() < 0.1:
        made[""] = rng.choice(devices)
    return made
