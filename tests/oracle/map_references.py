"""Accelerate and Transformers, asked what Ashlar is asked. They take groups of tied parameters in
the order of a hash table; here they get them in the order of their names.
"""

import collections
import logging
import re
import json
import warnings

import accelerate.utils.modeling as accelerate
import transformers.integrations.accelerate as transformers
from module_trees import planned_type, torch_model

find_tied = accelerate.find_tied_parameters
accelerate.find_tied_parameters = lambda model: sorted(find_tied(model))


class Recorder(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def recorded(call):
    """The call's result, or the type of its exception, and all that was said."""
    recorder = Recorder()
    loggers = [accelerate.logger, transformers.logger]
    for logger in loggers:
        logger.addHandler(recorder)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = call()
            except (IndexError, AttributeError, KeyError, RuntimeError, ValueError) as error:
                result = error
    finally:
        for logger in loggers:
            logger.removeHandler(recorder)
    return result, recorder.texts + [str(warning.message) for warning in caught]


def said(texts):
    """The facts in what a reference says."""
    facts = collections.Counter()
    for text in texts:
        if found := re.search(r"requires (\S+) bytes of buffer", text):
            facts[f"buffers {float(found[1])}"] += 1
        for device, size in re.findall(r"  - (\S+): (\S+) bytes required", text):
            facts[f"empty {device} {float(size)}"] += 1
        if text.startswith("Tied parameters are on different devices"):
            facts["parted"] += 1
        if found := re.search(r"do not match any submodules in the model: (.*)", text):
            facts[f"strangers {len(json.loads(found[1].replace(chr(39), chr(34))))}"] += 1
    return facts


class Reference:
    def __init__(self, case, rules, model):
        self.case = case
        self.accelerate = rules == "accelerate"
        self.module = accelerate if self.accelerate else transformers
        self.model = model or torch_model(case["modules"], case["tied"], self.accelerate)
        options = case.get("options", {})
        self.types = {}
        if self.accelerate:
            self.types["dtype"] = options.get("dtype") and planned_type(options["dtype"])
            special = options.get("special_dtypes")
            self.types["special_dtypes"] = special and {
                name: planned_type(type) for name, type in special.items()
            }

    def sizes(self):
        if self.accelerate:
            return accelerate.compute_module_sizes(self.model, **self.types)
        return transformers.compute_module_sizes(self.model, only_modules=False)[0]

    def budgets(self):
        case = self.case
        given = {
            int(name) if name.isdigit() else name: size for name, size in case["max_memory"].items()
        }
        if case["device_map"] == "sequential":
            return self.module.get_max_memory(given)
        return self.module.get_balanced_memory(
            self.model,
            given,
            case["no_split"],
            low_zero=case["device_map"] == "balanced_low_0",
            **self.types,
        )

    def groups(self):
        """For the rules that take them as an argument; made as they make them."""
        keys = self.model.all_tied_weights_keys
        sources = sorted(set(keys.values()))
        groups = [sorted([k for k, v in keys.items() if v == s] + [s]) for s in sources]
        return sorted(groups) or [[]]

    def map(self):
        options = {key: self.case["options"][key] for key in ("clean_result", "offload_buffers")}
        if self.accelerate:
            options["fallback_allocation"] = self.case["options"]["fallback_allocation"]
        else:
            options["tied_parameters"] = self.groups()
            options["no_placement_params"] = self.case["options"].get("no_placement_params")
        budgets = self.budgets()
        return dict(
            self.module.infer_auto_device_map(
                self.model, budgets, self.case["no_split"], **options, **self.types
            )
        )

    def parted(self, device_map):
        facts = collections.Counter()
        for group in self.groups():
            check = lambda: accelerate.check_tied_parameters_on_same_device([group], device_map)
            facts += said(recorded(check)[1])
        return facts

    def check(self, device_map):
        accelerate.check_device_map(self.model, device_map)
        accelerate.check_tied_parameters_on_same_device(self.groups(), device_map)


def uncovered(reference, device_map):
    """How many tensors the map misses, by check_device_map's own words."""
    error, _ = recorded(lambda: accelerate.check_device_map(reference.model, device_map))
    return len(str(error).split(": ", 1)[1].split(", ")) if isinstance(error, ValueError) else 0
