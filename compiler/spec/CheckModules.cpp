// Modules and what names are made of: paths, classes, loops, buffers.

#include "compiler/spec/Checker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <utility>

namespace ashlar {

static constexpr int64_t MaxLayers = 100000;
static constexpr size_t MaxPath = 1024;

bool Checker::item(const spec::ScopeItem &item) { return item.loop ? each(item) : scope(item); }

bool Checker::scope(const spec::ScopeItem &item) {
  std::optional<std::string> full = path(item.path);
  if (!full || !addModules(*full, item.path))
    return false;
  Module &module = *moduleOf(*full);
  if (!setClass(module, item.className))
    return false;
  if (item.noSplit && !keepWhole(module.className, item.path))
    return false;
  if (!item.others.empty() && !addPrefix(item, *full))
    return false;
  std::string outer = std::exchange(prefix, *full + ".");
  bool good = items(item.items);
  prefix = std::move(outer);
  return good;
}

bool Checker::each(const spec::ScopeItem &item) {
  const spec::Loop &loop = *item.loop;
  if (!item.path.empty() && !item.path.contains(("{" + loop.variable + "}").str())) {
    errors.error(spec::at(item.path), "the path is the same for every " + loop.word +
                                          ": it lacks {" + loop.variable + "}");
    return false;
  }
  std::optional<int64_t> begin =
      evaluator.integer(loop.begin, "the start of the range", 0, MaxLayers);
  std::optional<int64_t> end =
      begin ? evaluator.integer(loop.end, "the end of the range", *begin, MaxLayers) : std::nullopt;
  if (!end)
    return false;
  // What holds "layers.0", "layers.1" … is a list of modules, though it be empty.
  if (llvm::StringRef list = item.path; list.consume_back((".{" + loop.variable + "}").str())) {
    std::optional<std::string> full = path(list);
    if (!full || !addModules(*full, item.path))
      return false;
    if (Module &module = *moduleOf(*full); module.className.empty())
      module.className = "ModuleList";
  }

  if (*begin == *end && item.noSplit && !keepWholeUnmade(item, *begin))
    return false;

  std::string outer = namePrefix;
  bool outermost = !layer;
  for (int64_t i = *begin; i < *end; ++i) {
    if (!repeat(loop))
      return false;
    size_t mark = symbols.mark();
    if (!symbols.define({Symbol::IsConstant, loop.variable, i, {}}, errors))
      return false;
    namePrefix = outer + loop.word.str() + "s." + std::to_string(i) + ".";
    if (outermost)
      layer = model.layers++;
    bool good = item.path.empty() ? items(item.items) : scope(item);
    symbols.release(mark);
    if (!good) // the next one would fail in the same way
      return false;
  }
  namePrefix = std::move(outer);
  if (outermost)
    layer.reset();
  return true;
}

// What loops repeat takes its time, though no part of a model come of it.
bool Checker::repeat(const spec::Loop &loop) {
  constexpr uint64_t MaxRepeated = uint64_t(1) << 28;
  repeated += loop.length;
  if (repeated <= MaxRepeated)
    return true;
  errors.error(spec::at(loop.variable),
               "under this config loops repeat too much: written out, they "
               "would be more than " +
                   forPeople(Bytes(MaxRepeated)) + " of text");
  evaluator.noteKeys(loop.end);
  errors.note("make the range shorter, or what stands in its braces");
  return false;
}

bool Checker::keepWhole(llvm::StringRef className, llvm::StringRef at) {
  if (className.empty()) {
    errors.error(spec::at(at), "'nosplit' on a module without a class");
    errors.note("device maps know what to keep whole by classes: write : CLASS nosplit");
    return false;
  }
  if (wholeClasses.insert(className).second)
    model.noSplit.push_back(className.str());
  return true;
}

// The reference implementation names the class, though there be no module of it.
bool Checker::keepWholeUnmade(const spec::ScopeItem &item, int64_t number) {
  size_t mark = symbols.mark();
  if (!symbols.define({Symbol::IsConstant, item.loop->variable, number, {}}, errors))
    return false;
  std::optional<std::string> name = classOf(item.className);
  symbols.release(mark);
  return name && keepWhole(*name, item.path);
}

bool Checker::item(const spec::IfItem &item) {
  std::optional<bool> holds = evaluator.boolean(item.condition, "the condition of an 'if'");
  return holds && items(*holds ? item.then : item.otherwise) &&
         absent(*holds ? item.otherwise : item.then);
}

// Weights of the branch that is not taken are known as absent, unless the other has them, too.
bool Checker::absent(const std::vector<spec::Item> &list) {
  return llvm::all_of(list, [&](const spec::Item &next) {
    if (auto *weight = std::get_if<spec::WeightItem>(&next.is))
      return symbols.find(weight->name) ||
             symbols.define({Symbol::IsAbsentWeight, weight->name, {}, {}}, errors);
    if (auto *scope = std::get_if<spec::ScopeItem>(&next.is); scope && !scope->loop)
      return absent(scope->items);
    if (auto *inner = std::get_if<spec::IfItem>(&next.is))
      return absent(inner->then) && absent(inner->otherwise);
    return true;
  });
}

Module *Checker::moduleOf(llvm::StringRef path) {
  return &model.modules[moduleByPath.lookup(path)];
}

bool Checker::setClass(Module &module, llvm::StringRef text) {
  if (text.empty())
    return true;
  std::optional<std::string> name = classOf(text);
  if (!name)
    return false;
  if (!module.className.empty() && module.className != *name) {
    errors.error(spec::at(text),
                 "the module \"" + module.path + "\" is a " + module.className + " already");
    return false;
  }
  module.className = std::move(*name);
  return true;
}

// Classes come to stand in emitted source: they are names.
std::optional<std::string> Checker::classOf(llvm::StringRef text) {
  std::optional<std::string> name = filled(text);
  bool good = name && llvm::all_of(*name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (name && !good)
    errors.error(spec::at(text),
                 "a class is a name, not \"" + llvm::StringRef(*name).take_front(80) + "\"");
  return good ? name : std::nullopt;
}

bool Checker::addPrefix(const spec::ScopeItem &item, const std::string &path) {
  Prefix &added = model.prefixes.emplace_back();
  added.name = path + ".";
  added.declared = spec::at(item.path);
  for (llvm::StringRef other : item.others) {
    std::optional<std::string> full = filled(other);
    if (!full)
      return false;
    added.others.push_back(full->empty() ? "" : *full + ".");
  }
  return spend(sizeof(Prefix) + added.others.size() * (sizeof(std::string) + MaxPath), item.path);
}

bool Checker::item(const spec::BufferItem &item) {
  struct TorchType {
    llvm::StringLiteral name;
    uint64_t bits;
  };
  constexpr TorchType Types[] = {{"float32", 32}, {"float16", 16},  {"bfloat16", 16},
                                 {"float64", 64}, {"int64", 64},    {"int32", 32},
                                 {"int16", 16},   {"int8", 8},      {"uint8", 8},
                                 {"bool", 8},     {"complex64", 64}};
  auto type = llvm::find_if(Types, [&](const TorchType &t) { return t.name == item.type; });
  if (type == std::end(Types)) {
    errors.error(spec::at(item.type), "a buffer cannot be of type \"" + item.type + "\"");
    std::vector<llvm::StringRef> names;
    for (const TorchType &t : Types)
      names.push_back(t.name);
    if (llvm::StringRef near = nearest(item.type, names); !near.empty())
      errors.note("did you mean \"" + near + "\"?");
    else
      errors.note("there are " + llvm::join(names, ", "));
    return false;
  }
  std::optional<std::vector<uint64_t>> shape =
      sizes(item.shape, "the buffer \"" + item.tensor + "\"");
  std::optional<std::string> tensor = shape ? path(item.tensor) : std::nullopt;
  if (!tensor)
    return false;
  llvm::StringRef parent = llvm::StringRef(*tensor).rsplit('.').first;
  if (parent != *tensor && !addModules(parent, item.tensor))
    return false;
  if (!tensorNames.insert(*tensor).second) {
    errors.error(spec::at(item.tensor), "the tensor \"" + *tensor + "\" is there already");
    return false;
  }
  uint64_t size = sizeof(Buffer) + 2 * tensor->size() + shape->size() * sizeof(uint64_t);
  model.buffers.push_back(
      {std::move(*tensor), std::move(*shape), item.type.str(), type->bits, item.persistent});
  return spend(size, item.tensor);
}

// The text with values for {names}.
std::optional<std::string> Checker::filled(llvm::StringRef text) {
  std::string result;
  llvm::StringRef rest = text;
  while (!rest.empty()) {
    llvm::StringRef plain = rest.take_until([](char c) { return c == '{' || c == '}'; });
    result += plain;
    rest = rest.drop_front(plain.size());
    if (rest.empty())
      break;
    size_t close = rest.find('}');
    if (rest.front() == '}' || close == llvm::StringRef::npos)
      return errors.error(spec::at(rest), "a brace without its partner"), std::nullopt;
    llvm::StringRef name = rest.slice(1, close);
    const Symbol *symbol = symbols.find(name);
    if (!symbol)
      return symbols.reportUnknown(name, errors), std::nullopt;
    auto *number = std::get_if<int64_t>(&symbol->constant);
    auto *word = std::get_if<std::string>(&symbol->constant);
    if (symbol->kind != Symbol::IsConstant || (!number && !word)) {
      errors.error(spec::at(name), "\"" + name + "\" is neither an integer nor a string");
      return std::nullopt;
    }
    auto safe = [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '-'; };
    if (word && !llvm::all_of(*word, safe)) {
      errors.error(spec::at(name),
                   "\"" + name + "\" is " + show(*word) + ", which cannot be part of a name");
      return std::nullopt;
    }
    result += number ? std::to_string(*number) : *word;
    rest = rest.drop_front(close + 1);
  }
  return result;
}

// The text within the modules around it.
std::optional<std::string> Checker::path(llvm::StringRef text) {
  std::optional<std::string> inner = filled(text);
  if (!inner)
    return std::nullopt;
  std::string result = prefix + *inner;
  bool emptyPart = llvm::StringRef("." + result + ".").contains("..");
  if (emptyPart || result.size() > MaxPath) {
    errors.error(spec::at(text), emptyPart ? "a name with an empty part: \"" + result + "\""
                                           : "a name of " + std::to_string(result.size()) +
                                                 " characters; at most 1024 are allowed");
    return std::nullopt;
  }
  return result;
}

// Every module on the way to this one, from the root, each once: device maps go in this order.
bool Checker::addModules(llvm::StringRef path, llvm::StringRef at) {
  if (moduleByPath.contains(path))
    return true;
  for (size_t dot = path.find('.'); dot != llvm::StringRef::npos; dot = path.find('.', dot + 1))
    if (!addModule(path.take_front(dot), at))
      return false;
  return addModule(path, at);
}

bool Checker::addModule(llvm::StringRef path, llvm::StringRef at) {
  if (!moduleByPath.try_emplace(path, model.modules.size()).second)
    return true;
  model.modules.push_back({path.str(), ""});
  return spend(sizeof(Module) + 2 * path.size() + 64, at);
}

} // namespace ashlar
