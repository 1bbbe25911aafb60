#include "compiler/devicemap/Budgets.h"

#include "llvm/Support/JSON.h"

#include <algorithm>

namespace ashlar::devicemap {

const Number *Budgets::find(const Device &device) const {
  for (const Budget &budget : list)
    if (budget.device == device)
      return &budget.bytes;
  return nullptr;
}

llvm::StringRef name(Rules rules) {
  return rules == Rules::Accelerate ? "Accelerate" : "Transformers";
}

llvm::StringSet<> Options::noSplitSet() const {
  llvm::StringSet<> set;
  for (const std::string &name : noSplit)
    set.insert(name);
  return set;
}

static uint64_t placeOf(const Device &device) {
  uint64_t behind = uint64_t(1) << 32;
  return device.number      ? *device.number
         : device.is("mps") ? behind
         : device.is("cpu") ? behind + 1
                            : behind + 2;
}

std::optional<Budgets> normalised(llvm::ArrayRef<std::pair<std::string, Number>> given,
                                  llvm::StringRef source, Diagnostics &diags) {
  Budgets budgets;
  for (const auto &[key, bytes] : given) {
    std::optional<Device> device = parseDevice(key);
    if (!device ||
        (!device->number && !device->is("mps") && !device->is("cpu") && !device->is("disk"))) {
      diags.error(Exit::BadInput, source, "'" + key + "' is no device that can have a budget");
      diags.note("budgets are of accelerators by number (0, 1, and so on), mps, cpu and disk");
      return std::nullopt;
    }
    budgets.list.push_back({*device, bytes});
  }
  if (budgets.list.size() > MaxDevices) {
    diags.error(Exit::BadInput, source,
                "budgets of " + llvm::Twine(budgets.list.size()) + " devices; the limit is " +
                    llvm::Twine(MaxDevices));
    return std::nullopt;
  }
  std::sort(budgets.list.begin(), budgets.list.end(),
            [](const Budget &a, const Budget &b) { return placeOf(a.device) < placeOf(b.device); });
  return budgets;
}

namespace {

struct Balance {
  Budgets &budgets;
  const ModuleTree &tree;
  const TreeIndex &treeIndex;
  const Sizes &sizes;
  const Options &options;
  Diagnostics &diags;

  bool run(bool lowZero);

private:
  std::optional<uint64_t> countDevices();
  std::optional<Number> largestUnit();
  Number firstBlock();
  Int meanLeaf();
  std::optional<Number> largestBlock();
  Number largestHolder();
  bool lowerZero(uint64_t devices);
  bool fail(const llvm::Twine &text, const llvm::Twine &wayOut) {
    diags.error(Exit::BadInput, tree.source, text);
    diags.note(wayOut);
    return false;
  }
};

/// How many devices share the model; nothing when that cannot be said.
std::optional<uint64_t> Balance::countDevices() {
  uint64_t count = 0;
  for (const auto &[device, bytes] : budgets.list) {
    bool shares = device.number.has_value();
    if (options.rules == Rules::Transformers)
      shares = !device.is("cpu") && !device.is("disk");
    else if (device.is("disk")) {
      fail("a balanced map with a budget for disk ends in a RuntimeError in Accelerate",
           "leave the budget of disk out: disk takes what is left without one");
      return std::nullopt;
    }
    count += shares && bytes > Number(0);
  }
  return count;
}

/// Of each no-split class the module that comes first in the table stands for all of them.
Number Balance::firstBlock() {
  llvm::StringSet<> missing = options.noSplitSet();
  Number largest;
  for (NodeId node : sizes.table) {
    if (node == Root)
      continue;
    // Tensors have classes too.
    llvm::StringRef className = tree[node].className;
    if (tree[node].kind != NodeKind::Module)
      className = tree[node].kind == NodeKind::Parameter ? "Parameter" : "Tensor";
    if (missing.erase(className))
      largest = max(largest, sizes[node]);
  }
  return largest;
}

/// The mean of the modules under which no module holds a tensor.
Int Balance::meanLeaf() {
  std::vector<bool> hasModules(tree.nodes.size());
  for (NodeId node : sizes.table)
    if (tree[node].kind == NodeKind::Module && node != Root)
      hasModules[index(tree[node].parent)] = true;
  Number sum;
  uint64_t count = 0;
  for (NodeId node : sizes.table)
    if (tree[node].kind == NodeKind::Module && node != Root && !hasModules[index(node)]) {
      sum += sizes[node];
      ++count;
    }
  return truncatedQuotient(sum, std::max<uint64_t>(count, 1));
}

std::optional<Number> Balance::largestBlock() {
  Number largest;
  bool found = options.noSplit.empty();
  llvm::StringSet<> classes = options.noSplitSet();
  for (NodeId module : treeIndex.modules())
    if (classes.contains(tree[module].className)) {
      largest = max(largest, sizes[module]);
      found = true;
    }
  if (found)
    return largest;
  fail("no module is of a no-split class, and a balanced map ends in a ValueError in Transformers",
       "name a class that the model has, or none");
  return std::nullopt;
}

/// The most that a module below the root holds in tensors of its own.
Number Balance::largestHolder() {
  Number largest;
  for (NodeId module : treeIndex.modules()) {
    Number own;
    for (const auto &tensors : {tree[module].parameters, tree[module].buffers})
      for (NodeId tensor : tensors)
        own += sizes[tensor];
    if (module != Root)
      largest = max(largest, own);
  }
  return largest;
}

/// What a device gets above its even share, because modules cannot be cut where the share ends.
std::optional<Number> Balance::largestUnit() {
  if (options.rules == Rules::Accelerate)
    return max(firstBlock(), Number(meanLeaf()));
  std::optional<Number> block = largestBlock();
  return block ? std::optional(max(*block, largestHolder())) : std::nullopt;
}

/// Leaves device 0 only what the others cannot take.
bool Balance::lowerZero(uint64_t devices) {
  Number others;
  for (uint64_t i = 1; i < devices; ++i) {
    const Number *bytes = budgets.find(Device::accelerator(static_cast<uint32_t>(i)));
    if (!bytes)
      return fail("balanced_low_0 ends in a KeyError in " + name(options.rules) +
                      ": it counts on accelerators 0 to " + llvm::Twine(devices - 1) + ", and " +
                      llvm::Twine(i) + " has no budget",
                  "number the accelerators from 0 without gaps, or use --device-map balanced");
    others += *bytes;
  }
  for (Budget &budget : budgets.list)
    if (budget.device == Device::accelerator(0)) {
      budget.bytes = min(max(Number(0), sizes[Root] - others), budget.bytes);
      return true;
    }
  return fail("balanced_low_0 ends in a KeyError in " + name(options.rules) +
                  ": accelerator 0 has no budget",
              "number the accelerators from 0 without gaps, or use --device-map balanced");
}

bool Balance::run(bool lowZero) {
  std::optional<uint64_t> devices = countDevices();
  if (!devices)
    return false;
  if (*devices == 0)
    return true;
  if (*devices == 1) {
    lowZero = false;
    // Room for what is not weights; a user's own number is taken at its word.
    if (budgets.measured && budgets.list.front().device.number)
      budgets.list.front().bytes = Number::real(budgets.list.front().bytes.toDouble() * 0.9);
  }
  Number share = floorDivided(sizes[Root], lowZero ? *devices - 1 : *devices);
  std::optional<Number> unit = largestUnit();
  if (!unit)
    return false;
  share += Number(Number::real(1.25 * unit->toDouble()).truncated());

  // The last one keeps all that it has, in case the room above the share does not suffice.
  Budget *last = nullptr;
  for (Budget &budget : budgets.list)
    if (budget.device.number && budget.bytes > Number(0))
      last = &budget;
  for (Budget &budget : budgets.list)
    if (budget.device.number && budget.bytes > Number(0) && &budget != last &&
        !(lowZero && budget.device.number == 0u))
      budget.bytes = min(share, budget.bytes);
  return !lowZero || lowerZero(*devices);
}

} // namespace

std::optional<Budgets> cut(Budgets budgets, Strategy strategy, const ModuleTree &tree,
                           const TreeIndex &treeIndex, const Sizes &sizes, const Options &options,
                           Diagnostics &diags) {
  if (budgets.measured && options.rules == Rules::Transformers)
    for (Budget &budget : budgets.list)
      if (budget.device.is("cpu"))
        budget.bytes = Number::real(budget.bytes.toDouble() * 0.90);
  if (strategy != Strategy::Sequential &&
      !Balance{budgets, tree, treeIndex, sizes, options, diags}.run(strategy ==
                                                                    Strategy::BalancedLowZero))
    return std::nullopt;
  return budgets;
}

void print(const Budgets &budgets, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    for (const auto &[device, bytes] : budgets.list) {
      json.attributeBegin(text(device));
      json.rawValue(text(bytes));
      json.attributeEnd();
    }
  });
  out << '\n';
}

} // namespace ashlar::devicemap
