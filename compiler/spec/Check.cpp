#include "compiler/spec/Checker.h"
#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

static constexpr uint64_t MaxBytes = uint64_t(1) << 28; // of the model's description

std::optional<Model> check(const spec::File &file, const Config &config, Diagnostics &diags) {
  return Checker(file, config, diags).run();
}

std::optional<Model> Checker::run() {
  model.spec = file.name.str();
  if (!settings() || !context())
    return std::nullopt;
  std::optional<std::string> className = classOf(file.className);
  if (!className || !items(file.items))
    return std::nullopt;
  model.className = std::move(*className);
  if (model.blocks.empty()) {
    errors.error(spec::at(file.name), "spec " + file.name + " has no block: it computes nothing");
    return std::nullopt;
  }
  if (!positionsSuffice())
    return std::nullopt;
  classesByUse();
  endTokens();
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
  if (item.transposed && item.shape.size() != 2) {
    errors.error(spec::at(item.name),
                 "the weight " + item.name + " has one size, and cannot be transposed");
    return false;
  }
  std::optional<std::vector<uint64_t>> shape = sizes(item.shape, "the weight " + item.name);
  if (!shape)
    return false;
  std::optional<std::string> tensor = path(item.tensor);
  if (!tensor)
    return false;
  Symbol symbol = {Symbol::IsWeight, item.name, {}, {}, uint32_t(model.weights.size())};
  std::optional<WeightId> id =
      addWeight(item, namePrefix + item.name.str(), *tensor, std::move(*shape));
  if (!id)
    return false;
  model.weights[index(*id)].transposed = item.transposed;
  if (!item.className.empty()) {
    if (llvm::StringRef(*tensor).rsplit('.').first == *tensor) {
      errors.error(spec::at(item.className), "the tensor \"" + *tensor + "\" is of no module");
      return false;
    }
    Module *module = moduleOf(llvm::StringRef(*tensor).rsplit('.').first);
    if (!setClass(*module, item.className))
      return false;
  }
  return tie(item, *id) && addBias(item, *id) && symbols.define(std::move(symbol), errors);
}

std::optional<std::vector<uint64_t>> Checker::sizes(llvm::ArrayRef<spec::ExprId> of,
                                                    const llvm::Twine &what) {
  std::vector<uint64_t> shape;
  std::string text = ("a size of " + what).str();
  for (spec::ExprId size : of) {
    std::optional<int64_t> columns = evaluator.integer(size, text, 1, MaxSize);
    if (!columns)
      return std::nullopt;
    shape.push_back(*columns);
  }
  return shape;
}

bool Checker::item(const spec::Setting &item) { return setting(item); }

bool Checker::item(const spec::InputItem &item) {
  auto fail = [&](const llvm::Twine &text) {
    return errors.error(spec::at(item.name), text), false;
  };
  if (item.shape.size() != 1)
    return fail("an input has one size: the columns of a row");
  if (!namePrefix.empty())
    return fail("an input stands outside of every 'each'");
  if (!model.streams.empty())
    return fail(model.input ? "there is an input already"
                            : "an input stands before all blocks, in a model without token ids");
  if (item.name == "ids" || file.context)
    return fail(file.context
                    ? "a model with an input has rows instead of a sequence, and no context"
                    : "\"ids\" are the token ids; give the input another name");
  if (const Symbol *symbol = symbols.find(item.name)) {
    fail("\"" + item.name + "\" cannot name a stream: it has another meaning");
    errors.note(spec::at(symbol->name), "here");
    return false;
  }
  std::optional<std::vector<uint64_t>> columns = sizes(item.shape, "the input " + item.name);
  if (!columns)
    return false;
  model.input = streams.add(item.name, columns->front(), false);
  model.hidden = columns->front();
  return true;
}

// An id that no logit stands for is no token: some configs say "none" so.
void Checker::endTokens() {
  if (model.input)
    return;
  std::vector<int64_t> beyond;
  for (int64_t id : config.endTokens())
    (uint64_t(id) < model.vocabulary ? model.endTokens : beyond).push_back(id);
  if (!beyond.empty())
    diags.warning(config.endTokensAt(), "end token " + llvm::Twine(beyond.front()) +
                                            " is not in the vocabulary of " +
                                            llvm::Twine(model.vocabulary) + ": it ends nothing");
}

// The classes that nearly all models have for what an op reads need not be written.
void Checker::classesByUse() {
  auto classFor = [](OpKind kind) -> llvm::StringRef {
    switch (kind) {
    case OpKind::Embed:
    case OpKind::Positions:
      return "Embedding";
    case OpKind::Linear:
      return "Linear";
    case OpKind::LayerNorm:
      return "LayerNorm";
    default:
      return "";
    }
  };
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops) {
      llvm::StringRef path;
      if (op.weight)
        path = llvm::StringRef(model.weight(*op.weight).parameter).rsplit('.').first;
      if (auto found = moduleByPath.find(path); found != moduleByPath.end())
        if (std::string &name = model.modules[found->second].className; name.empty())
          name = classFor(op.kind).str();
    }
}

// A position beyond a table's rows would read what is not there.
bool Checker::positionsSuffice() {
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops) {
      if (op.kind != OpKind::Positions)
        continue;
      const Weight &table = model.weight(*op.weight);
      uint64_t rows = table.shape[0] - op.offset;
      if (file.context && model.maxContext <= rows)
        continue;
      errors.error(table.declared, "the table of positions has rows for " + llvm::Twine(rows) +
                                       " tokens, and the context is " +
                                       (file.context ? std::to_string(model.maxContext)
                                                     : std::string("not given")));
      if (file.context)
        evaluator.noteKeys(*file.context);
      return false;
    }
  return true;
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
  if (!spend(sizeof(Weight) + 2 * name.size() + 3 * tensor.size() + 16, item.name))
    return std::nullopt;
  Weight weight;
  weight.name = std::move(name);
  weight.parameter = tensor;
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
  FlowContext context = {file, model, symbols, evaluator, errors, streams, usedWeights};
  std::optional<Block> block = Flow(context, item).run(name, layer);
  if (!block)
    return false;
  if (!model.hidden &&
      llvm::any_of(block->ops, [](const Op &op) { return op.kind == OpKind::Embed; }))
    model.hidden = model.stream(block->output).columns;
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
    // A layer's blocks stay together.
    auto first = llvm::find_if(model.blocks,
                               [&](const Block &other) { return layer && other.layer == layer; });
    model.blocks.insert(first, std::move(angles));
  }
}

bool Checker::item(const spec::IgnoreItem &item) {
  std::optional<std::string> pattern = path(item.pattern);
  if (!pattern || !spend(2 * pattern->size() + sizeof(Ignored), item.pattern))
    return false;
  model.ignored.push_back({std::move(*pattern), spec::at(item.pattern)});
  return true;
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
  llvm::erase_if(unread, [&](const std::string &key) {
    return llvm::any_of(file.harmless, [&](llvm::StringRef p) { return matches(p, key); });
  });
  for (const std::string &key : llvm::ArrayRef(unread).take_front(20))
    diags.warning(config.where(key), "config key \"" + key + "\" is not read by spec " + file.name +
                                         " and may change results");
  if (unread.size() > 20)
    diags.note("the same holds for " + llvm::Twine(unread.size() - 20) + " more keys");
}

} // namespace ashlar
