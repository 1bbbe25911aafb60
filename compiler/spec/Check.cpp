#include "compiler/spec/Checker.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

static constexpr int64_t MaxLayers = 100000;
static constexpr uint64_t MaxBytes = uint64_t(1) << 28; // of the model's description
static constexpr size_t MaxPath = 1024;

std::optional<Model> check(const spec::File &file, const Config &config, Diagnostics &diags) {
  return Checker(file, config, diags).run();
}

std::optional<Model> Checker::run() {
  model.spec = file.name.str();
  model.endTokens = config.endTokens();
  if (!settings() || !context() || !items(file.items))
    return std::nullopt;
  if (model.blocks.empty()) {
    errors.error(spec::at(file.name), "spec " + file.name + " has no block: it computes nothing");
    return std::nullopt;
  }
  warn();
  return std::move(model);
}

bool Checker::items(const std::vector<spec::Item> &list) {
  for (const spec::Item &next : list)
    if (!std::visit([&](const auto &is) { return item(is); }, next.is))
      return false;
  return true;
}

bool Checker::item(const spec::WeightItem &item) {
  if (item.presentIf) {
    std::optional<bool> present = evaluator.boolean(*item.presentIf, "the condition of a weight");
    if (!present)
      return false;
    if (!*present)
      return symbols.define({Symbol::IsAbsentWeight, item.name, {}, {}}, errors);
  }
  if (item.shape.size() > 2) {
    errors.error(spec::at(item.name), "the weight " + item.name + " has " +
                                          llvm::Twine(item.shape.size()) +
                                          " sizes; 1 or 2 are known");
    return false;
  }
  std::vector<uint64_t> shape;
  for (spec::ExprId size : item.shape) {
    std::optional<int64_t> columns =
        evaluator.integer(size, "a size of the weight " + item.name, 1, MaxSize);
    if (!columns)
      return false;
    shape.push_back(*columns);
  }
  std::optional<std::string> tensor = path(item.tensor);
  if (!tensor)
    return false;
  Symbol symbol = {Symbol::IsWeight, item.name, {}, {}, uint32_t(model.weights.size())};
  std::optional<WeightId> id =
      addWeight(item, namePrefix + item.name.str(), *tensor, std::move(shape));
  return id && tie(item, *id) && addBias(item, *id) && symbols.define(std::move(symbol), errors);
}

std::optional<WeightId> Checker::addWeight(const spec::WeightItem &item, std::string name,
                                           std::string tensor, std::vector<uint64_t> shape) {
  llvm::StringRef parent = llvm::StringRef(tensor).rsplit('.').first;
  if (parent != tensor && !addModules(parent, item.tensor))
    return std::nullopt;
  if (!tensorNames.insert(tensor).second) {
    errors.error(spec::at(item.tensor), "the tensor \"" + tensor + "\" is a weight already");
    errors.note("a weight that is stored as another is 'tied to' it");
    return std::nullopt;
  }
  if (!weightNames.insert(name).second) {
    errors.error(spec::at(item.name), "a weight is named " + name + " already");
    return std::nullopt;
  }
  if (!spend(sizeof(Weight) + 2 * (name.size() + tensor.size()) + 16, item.name))
    return std::nullopt;
  Weight weight;
  weight.name = std::move(name);
  weight.tensor = std::move(tensor);
  weight.shape = std::move(shape);
  weight.declared = spec::at(item.name);
  model.weights.push_back(std::move(weight));
  usedWeights.push_back(false);
  return static_cast<WeightId>(model.weights.size() - 1);
}

bool Checker::addBias(const spec::WeightItem &item, WeightId of) {
  if (!item.bias)
    return true;
  std::optional<bool> has = evaluator.boolean(*item.bias, "whether a weight has a bias");
  if (!has || !*has)
    return has.has_value();
  llvm::StringRef tensor = model.weight(of).tensor;
  if (!tensor.consume_back(".weight")) {
    errors.error(spec::at(item.tensor), "the name of a weight with a bias ends in .weight");
    return false;
  }
  return addWeight(item, model.weight(of).name + "_bias", tensor.str() + ".bias",
                   {model.weight(of).shape[0]})
      .has_value();
}

bool Checker::tie(const spec::WeightItem &item, WeightId id) {
  if (item.tiedTo.empty())
    return true;
  std::optional<bool> tied =
      item.tiedIf ? evaluator.boolean(*item.tiedIf, "whether a tie holds") : std::optional(true);
  if (!tied || !*tied)
    return tied.has_value();
  const Symbol *symbol = symbols.find(item.tiedTo);
  if (!symbol)
    return symbols.reportUnknown(item.tiedTo, errors), false;
  if (symbol->kind != Symbol::IsWeight) {
    errors.error(spec::at(item.tiedTo), "\"" + item.tiedTo + "\" is not a weight of this config");
    return false;
  }
  WeightId to = model.stored(static_cast<WeightId>(symbol->id));
  if (model.weight(to).shape != model.weight(id).shape) {
    auto text = [&](WeightId id) {
      std::string sizes;
      for (uint64_t size : model.weight(id).shape)
        sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
      return model.weight(id).name + " [" + sizes + "]";
    };
    errors.error(spec::at(item.tiedTo), text(id) + " cannot be tied to " + text(to));
    return false;
  }
  model.weights[index(id)].tiedTo = to;
  return true;
}

bool Checker::item(const spec::BlockItem &item) {
  std::string name = namePrefix + item.name.str();
  if (!blockNames.insert(name).second) {
    errors.error(spec::at(item.name), "a block is named " + name + " already");
    return false;
  }
  FlowContext context = {file, model, symbols, evaluator, errors, usedWeights};
  std::optional<Block> block = Flow(context, item).run(name, layer);
  if (!block)
    return false;
  addAngles(*block);
  auto attends = llvm::count_if(block->ops, [](const Op &op) { return op.kind == OpKind::Attend; });
  if (attends > 1 || (attends == 1 && lastCache == layer)) {
    errors.error(spec::at(item.name), "the layer attends more than once, and has one cache");
    return false;
  }
  if (attends)
    lastCache = layer;
  uint64_t size = sizeof(Block) + 2 * name.size() + block->ops.size() * sizeof(Op);
  for (const Value &value : block->values)
    size += sizeof(Value) + value.name.size();
  model.blocks.push_back(std::move(*block));
  return spend(size, item.name);
}

// The cosines and sines of a rope are made once, before the first block that wants them.
void Checker::addAngles(const Block &block) {
  for (const Op &op : block.ops) {
    if (op.kind != OpKind::Rotate || ropeHasAngles[op.rope])
      continue;
    ropeHasAngles[op.rope] = true;
    const Rope &rope = model.ropes[op.rope];
    Block angles;
    angles.name = rope.name;
    angles.kind = "angles";
    angles.output = *block.values[index(op.inputs[1])].stream;
    angles.values.push_back({rope.name, rope.dims, false, angles.output});
    Op made = {};
    made.kind = OpKind::Angles;
    made.rope = op.rope;
    angles.ops.push_back(std::move(made));
    model.blocks.push_back(std::move(angles));
  }
}

bool Checker::item(const spec::IgnoreItem &item) {
  std::optional<std::string> pattern = path(item.pattern);
  if (!pattern || !spend(2 * pattern->size() + sizeof(std::string), item.pattern))
    return false;
  model.ignored.push_back(std::move(*pattern));
  return true;
}

bool Checker::item(const spec::ScopeItem &item) { return item.loop ? each(item) : scope(item); }

bool Checker::scope(const spec::ScopeItem &item) {
  std::optional<std::string> full = path(item.path);
  if (!full || !addModules(*full, item.path))
    return false;
  Module &module = model.modules[moduleByPath.lookup(*full)];
  if (!module.className.empty()) {
    errors.error(spec::at(item.path),
                 "the module \"" + *full + "\" is a " + module.className + " already");
    return false;
  }
  module.className = item.className.str();
  module.noSplit = item.noSplit;
  std::string outer = std::exchange(prefix, *full + ".");
  bool good = items(item.items);
  prefix = std::move(outer);
  return good;
}

bool Checker::each(const spec::ScopeItem &item) {
  const spec::Loop &loop = *item.loop;
  if (!item.path.contains(("{" + loop.variable + "}").str())) {
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

  std::string outer = namePrefix;
  bool outermost = !layer;
  for (int64_t i = *begin; i < *end; ++i) {
    size_t mark = symbols.mark();
    if (!symbols.define({Symbol::IsConstant, loop.variable, i, {}}, errors))
      return false;
    namePrefix = outer + loop.word.str() + "s." + std::to_string(i) + ".";
    if (outermost)
      layer = model.layers++;
    bool good = scope(item);
    symbols.release(mark);
    if (!good) // the next one would fail in the same way
      return false;
  }
  namePrefix = std::move(outer);
  if (outermost)
    layer.reset();
  return true;
}

// The text within the modules around it, with numbers for {names}.
std::optional<std::string> Checker::path(llvm::StringRef text) {
  std::string result = prefix;
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
    if (!number) {
      errors.error(spec::at(name), "\"" + name + "\" is not an integer");
      return std::nullopt;
    }
    result += std::to_string(*number);
    rest = rest.drop_front(close + 1);
  }
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
  model.modules.push_back({path.str(), "", false});
  return spend(sizeof(Module) + 2 * path.size() + 64, at);
}

// Bounds what a hostile config, or spec, can make of a few lines.
bool Checker::spend(uint64_t bytes, llvm::StringRef at) {
  spent += bytes;
  if (spent <= MaxBytes)
    return true;
  errors.error(spec::at(at), "under this config the model has too many parts: their list alone "
                             "would take more than " +
                                 forPeople(Bytes(MaxBytes)));
  return false;
}

void Checker::warn() {
  llvm::SmallVector<llvm::SMLoc, 8> seen, used;
  for (auto [at, weight] : llvm::enumerate(model.weights))
    if (usedWeights[at] && !llvm::is_contained(used, weight.declared))
      used.push_back(weight.declared);
  for (const Weight &weight : model.weights) {
    if (llvm::is_contained(used, weight.declared) || llvm::is_contained(seen, weight.declared))
      continue;
    seen.push_back(weight.declared);
    diags.warning(weight.declared, "no block uses this weight");
  }
  // Each place is looked for, and a config may have been made to hold a million keys.
  std::vector<std::string> unread = config.unread();
  for (const std::string &key : llvm::ArrayRef(unread).take_front(20))
    diags.warning(config.where(key), "config key \"" + key + "\" is not read by spec " + file.name +
                                         " and may change results");
  if (unread.size() > 20)
    diags.note("the same holds for " + llvm::Twine(unread.size() - 20) + " more keys");
}

} // namespace ashlar
