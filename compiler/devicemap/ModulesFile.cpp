#include "compiler/devicemap/ModulesFile.h"

#include "compiler/devicemap/JsonCursor.h"
#include "compiler/devicemap/MapFile.h"
#include "compiler/support/Quantity.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ashlar::devicemap {
namespace {

using llvm::json::Value;

// An object and a list for each module, and what a tensor's shape takes.
constexpr unsigned MaxJsonDepth = 2 * MaxModuleDepth + 8;

class Reader {
public:
  Reader(llvm::StringRef text, llvm::StringRef name, Diagnostics &diags) : cursor(text, diags) {
    file.tree.source = name.str();
  }

  bool read(const Value &value);
  ModulesFile file;

private:
  bool root(const Value &value) { return module(value, Root, 0, 0); }
  bool noSplit(const Value &value) { return cursor.strings(value, file.options.noSplit); }
  bool deviceMap(const Value &value) { return readChoice(value, cursor, file.choice); }
  bool module(const Value &value, NodeId id, unsigned depth, size_t pathLength);
  bool tensor(const Value &value, NodeId parent, NodeKind kind, size_t pathLength);
  bool name(const Value &value, NodeId parent, size_t pathLength, std::string &into);
  bool shape(const Value &value, llvm::SmallVectorImpl<uint64_t> &into);
  bool ties(const Value &value);
  bool tied(const Value &value);
  bool tiedMember(const Value &value, TiedGroup &group);
  bool agree(const TiedGroup &group);
  bool maxMemory(const Value &value);
  bool options(const Value &value);
  bool type(const Value &value, std::optional<TorchType> &into, bool planned);

  JsonCursor cursor;
  bool floatBudgets = false;
  std::optional<TreeIndex> treeIndex; // once the modules are read
  llvm::DenseSet<uint32_t> tiedNodes;
  // Names of the modules' parts so far, with the module.
  llvm::DenseSet<std::pair<uint32_t, llvm::StringRef>> names;
};

bool Reader::read(const Value &value) {
  if (!cursor.warnOfOthers(value,
                           {"modules", "tied", "max_memory", "no_split", "device_map", "options"}))
    return false;
  if (!value.getAsObject()->get("modules"))
    return cursor.fail("there is no 'modules'", "write {\"modules\": {\"class\": …, …}}");
  auto part = [&](llvm::StringRef key, bool (Reader::*read)(const Value &)) {
    return cursor.member(value, key, [&](const Value &item) { return (this->*read)(item); });
  };
  return part("modules", &Reader::root) && part("tied", &Reader::ties) &&
         part("options", &Reader::options) && part("max_memory", &Reader::maxMemory) &&
         part("no_split", &Reader::noSplit) && part("device_map", &Reader::deviceMap);
}

bool Reader::name(const Value &value, NodeId parent, size_t pathLength, std::string &into) {
  const llvm::json::Object *object = value.getAsObject();
  if (object && !object->get("name"))
    return cursor.fail("it has no 'name'");
  return cursor.member(value, "name", [&](const Value &text) {
    if (!cursor.string(text, into))
      return false;
    if (into.empty() || into.find('.') != std::string::npos)
      return cursor.fail("a name is not empty and has no dot",
                         "modules within modules are its 'children'");
    if (pathLength + into.size() > MaxPath)
      return cursor.fail("the full name is longer than " + llvm::Twine(MaxPath) + " characters");
    llvm::StringRef kept = *text.getAsString(); // lives as long as the reading
    if (!names.insert({index(parent), kept}).second)
      return cursor.fail("the module has another part of this name");
    return true;
  });
}

bool Reader::module(const Value &value, NodeId id, unsigned depth, size_t pathLength) {
  static constexpr llvm::StringRef keys[] = {"class", "params", "buffers", "children", "name"};
  if (!cursor.onlyMembers(value, llvm::ArrayRef(keys).drop_back(id == Root)))
    return false;
  auto tensors = [&](llvm::StringRef key, NodeKind kind) {
    return cursor.member(value, key, [&](const Value &list) {
      return cursor.items(list,
                          [&](const Value &item) { return tensor(item, id, kind, pathLength); });
    });
  };
  auto child = [&](const Value &item) {
    std::string ownName;
    if (depth == MaxModuleDepth)
      return cursor.fail("modules nested deeper than " + llvm::Twine(MaxModuleDepth));
    if (file.tree.nodes.size() == MaxNodes)
      return cursor.fail("more than " + llvm::Twine(MaxNodes) + " modules and tensors");
    if (!name(item, id, pathLength, ownName))
      return false;
    NodeId below = file.tree.addModule(id, ownName, "");
    return module(item, below, depth + 1, pathLength + ownName.size() + 1);
  };
  return cursor.member(value, "class",
                       [&](const Value &text) {
                         return cursor.string(text, file.tree.nodes[index(id)].className);
                       }) &&
         tensors("params", NodeKind::Parameter) && tensors("buffers", NodeKind::Buffer) &&
         cursor.member(value, "children",
                       [&](const Value &list) { return cursor.items(list, child); });
}

bool Reader::tensor(const Value &value, NodeId parent, NodeKind kind, size_t pathLength) {
  if (!cursor.onlyMembers(value, {"name", "shape", "dtype", "persistent"}))
    return false;
  std::string ownName;
  llvm::SmallVector<uint64_t, 4> extents;
  std::optional<TorchType> dtype;
  bool persistent = true;
  for (llvm::StringRef key : {"shape", "dtype"})
    if (!value.getAsObject()->get(key))
      return cursor.fail("the tensor has no '" + key + "'");
  if (file.tree.nodes.size() == MaxNodes)
    return cursor.fail("more than " + llvm::Twine(MaxNodes) + " modules and tensors");
  if (!name(value, parent, pathLength, ownName) ||
      !cursor.member(value, "shape", [&](const Value &list) { return shape(list, extents); }) ||
      !cursor.member(value, "dtype", [&](const Value &text) { return type(text, dtype, false); }) ||
      !cursor.member(value, "persistent", [&](const Value &flag) {
        return kind == NodeKind::Buffer ? cursor.boolean(flag, persistent)
                                        : cursor.fail("only buffers are persistent or not");
      }))
    return false;
  if (!dtype)
    return cursor.member(value, "dtype",
                         [&](const Value &) { return cursor.fail("a tensor has a dtype"); });
  file.tree.addTensor(parent, kind, ownName, extents, *dtype, persistent);
  return true;
}

bool Reader::shape(const Value &value, llvm::SmallVectorImpl<uint64_t> &into) {
  if (!cursor.items(value, [&](const Value &item) {
        std::optional<uint64_t> extent = item.getAsUINT64();
        if (!extent)
          return cursor.fail("expected a whole number, 0 or more");
        into.push_back(*extent);
        return true;
      }))
    return false;
  return countElements(into) || cursor.fail("more than " + llvm::Twine(MaxElements) + " elements");
}

bool Reader::type(const Value &value, std::optional<TorchType> &into, bool planned) {
  if (value.getAsNull())
    return true;
  std::string text;
  if (!cursor.string(value, text))
    return false;
  into = planned ? parsePlannedType(text) : parseTorchType(text);
  return into || cursor.fail("'" + text + "' is no dtype of torch",
                             "known: " + knownTorchTypes() +
                                 (planned ? "; and INT2, INT4 and FP8 of Accelerate" : ""));
}

bool Reader::tiedMember(const Value &value, TiedGroup &group) {
  std::string path;
  if (!cursor.string(value, path))
    return false;
  std::optional<NodeId> node = treeIndex->find(path);
  if (!node || file.tree[*node].kind != NodeKind::Parameter)
    return cursor.fail("'" + path + "' is no parameter of the modules");
  if (!tiedNodes.insert(index(*node)).second)
    return cursor.fail("'" + path + "' is tied twice");
  if (tiedNodes.size() > MaxTied)
    return cursor.fail("more than " + llvm::Twine(MaxTied) + " tied parameters");
  group.members.push_back(*node);
  return agree(group) ||
         cursor.fail("'" + path + "' and '" + file.tree.path(group.members.front()) +
                     "' are tied, but differ in shape or dtype");
}

bool Reader::agree(const TiedGroup &group) {
  const Node &first = file.tree[group.members.front()], &last = file.tree[group.members.back()];
  return first.shape == last.shape && first.type == last.type;
}

bool Reader::ties(const Value &value) {
  treeIndex.emplace(file.tree);
  return cursor.items(value, [&](const Value &group) { return tied(group); });
}

bool Reader::tied(const Value &value) {
  TiedGroup group;
  auto add = [&](const Value &item) { return tiedMember(item, group); };
  if (value.getAsObject()) {
    if (!cursor.onlyMembers(value, {"source", "targets"}) || !cursor.member(value, "source", add))
      return false;
    if (group.members.empty())
      return cursor.fail("the group has no 'source'");
    group.source = group.members.front();
    if (!cursor.member(value, "targets",
                       [&](const Value &list) { return cursor.items(list, add); }))
      return false;
  } else {
    if (!cursor.items(value, add))
      return false;
    if (!group.members.empty())
      group.source = *std::min_element(group.members.begin(), group.members.end());
  }
  if (group.members.size() < 2)
    return cursor.fail("a tied group has two members or more");
  file.tree.tied.push_back(std::move(group));
  return true;
}

bool Reader::maxMemory(const Value &value) {
  if (value.getAsNull())
    return true;
  file.maxMemory.emplace();
  return cursor.members(value, [&](llvm::StringRef device, const Value &size) {
    std::optional<Number> bytes;
    if (std::optional<llvm::StringRef> text = size.getAsString()) {
      // In text Accelerate wants a unit.
      std::optional<Bytes> parsed = parseBytes(text->str());
      if (parsed && !text->empty() && !llvm::isDigit(text->back()))
        bytes = Number(static_cast<Int>(parsed->value));
    } else if (std::optional<uint64_t> whole = size.getAsUINT64()) {
      bytes = Number(static_cast<Int>(*whole));
    } else if (std::optional<double> real = size.getAsNumber();
               real && *real >= 0 && *real < 1e30) {
      bytes = Number::real(*real);
    }
    if (!bytes)
      return cursor.fail("expected bytes, 0 or more",
                         "write a number, or text with a unit as in \"22GiB\" or \"20GB\"");
    file.maxMemory->emplace_back(device.str(),
                                 floatBudgets ? Number::real(bytes->toDouble()) : *bytes);
    return true;
  });
}

bool Reader::options(const Value &value) {
  Options &options = file.options;
  if (!cursor.warnOfOthers(value, {"dtype", "special_dtypes", "clean_result", "offload_buffers",
                                   "fallback_allocation", "low_zero", "float_max_memory",
                                   "buffers_only", "no_placement_params"}))
    return false;
  auto flag = [&](llvm::StringRef key, bool &into) {
    return cursor.member(value, key, [&](const Value &item) { return cursor.boolean(item, into); });
  };
  auto special = [&](llvm::StringRef tensor, const Value &item) {
    std::optional<TorchType> planned;
    if (!type(item, planned, true))
      return false;
    if (!planned)
      return cursor.fail("expected a dtype");
    options.specialTypes.emplace_back(tensor.str(), *planned);
    return true;
  };
  std::optional<bool> clean = value.getAsObject()->getBoolean("clean_result");
  file.cleanManual = clean.value_or(false);
  return flag("clean_result", options.cleanResult) &&
         flag("offload_buffers", options.offloadBuffers) &&
         flag("fallback_allocation", options.fallbackAllocation) &&
         flag("low_zero", file.lowZero) && flag("float_max_memory", floatBudgets) &&
         flag("buffers_only", file.buffersOnly) &&
         cursor.member(value, "dtype",
                       [&](const Value &item) { return type(item, options.dtype, true); }) &&
         cursor.member(value, "special_dtypes",
                       [&](const Value &item) {
                         return item.getAsNull() || cursor.members(item, special);
                       }) &&
         cursor.member(value, "no_placement_params", [&](const Value &item) {
           return item.getAsNull() || cursor.strings(item, options.noPlacement.emplace());
         });
}

} // namespace

std::optional<ModulesFile> readModules(llvm::StringRef text, llvm::StringRef name,
                                       Diagnostics &diags) {
  std::optional<Value> value = parseJson(text, diags, MaxJsonDepth);
  if (!value)
    return std::nullopt;
  Reader reader(text, name, diags);
  if (!reader.read(*value))
    return std::nullopt;
  return std::move(reader.file);
}

} // namespace ashlar::devicemap
