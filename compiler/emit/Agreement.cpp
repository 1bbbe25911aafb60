#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"
#include "compiler/place/Cut.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <set>

namespace ashlar {

namespace {
/// Compares a plan with the plan that the same sizes would give for this model, as far as the model
/// alone decides it.
class Agreement {
public:
  Agreement(const Model &model, llvm::StringRef digest, const plan::Plan &plan,
            const Fittings &fittings)
      : model(model), digest(digest), plan(plan), fittings(fittings) {}

  std::vector<std::string> differences;

  void check() {
    if (plan.modelDigest != digest)
      differ("it was made for model {0}, this one is {1}", plan.modelDigest, digest);
    if (plan.units.size() != model.blocks.size())
      differ("it has {0} units, the model has {1} blocks", plan.units.size(), model.blocks.size());
    if (plan.spec != model.spec)
      differ("its spec is {0}, the model's {1}", plan.spec, model.spec);
    if (plan.forward != model.input.has_value())
      differ("it is for a model that reads {0}, the model reads {1}",
             plan.forward ? "rows" : "tokens", model.input ? "rows" : "tokens");
    if (plan.vocabulary != model.vocabulary)
      differ("its vocabulary is {0}, the model's {1}", plan.vocabulary, model.vocabulary);
    if (plan.context > model.maxContext)
      differ("its context is {0}, the model was made for {1}", plan.context, model.maxContext);
    names();
    if (!differences.empty())
      return;
    for (const plan::Unit &unit : plan.units)
      for (const plan::Weight &weight : unit.weights)
        stored[weight.name] = &weight;
    for (auto [at, block] : llvm::enumerate(model.blocks))
      unit(plan.units[at], block);
    if (stored.size() != named.size())
      differ("it stores {0} weights, the model has {1}", stored.size(), named.size());
    for (auto [at, each] : llvm::enumerate(plan.frames))
      if (each.streams)
        streams(each);
      else if (!checkedFrames.count(at))
        differ("frame {0} is no unit's", each.name);
    fitting("tokens", Bytes(plan.batch * plan.context * sizeof(int32_t)));
    fitting("sampler", fittings.sampler);
    fitting("tokenizer", fittings.tokenizer);
    if (!differences.empty())
      return; // names of what is stored lead somewhere only if all of it is
    emission::Names names(model, plan);
    TorchScratch torch = names.torchScratch();
    if (torch.inputs)
      fitting("torch", torch.bytes(plan.chunk, plan.cpu()->threads));
    Bytes pieces;
    for (const Block &block : model.blocks)
      for (const Op &op : block.ops)
        if (op.kind == OpKind::Attend)
          pieces = std::max(pieces, names.pieceBytes(op));
    fitting("pieces", pieces);
  }

private:
  template <class... Args> void differ(const char *format, Args &&...args) {
    differences.push_back(llvm::formatv(format, std::forward<Args>(args)...));
  }

  Sizes sizes() const { return {plan.context, plan.chunk, plan.batch}; }

  /// The names of memories, regions, frames and instruction sets become source text. Those of
  /// values do, too: they are compared with the model's.
  void names() {
    for (const plan::Processor &processor : plan.processors)
      for (const std::string &isa : processor.isa)
        if (!llvm::is_contained(knownIsa(), isa))
          differ("instruction set '{0}' is not known", isa);
    for (const plan::Memory &memory : plan.memories)
      for (const plan::Region &region : memory.regions)
        if (!llvm::StringRef(region.name).starts_with(memory.name + ".") ||
            !isWord(llvm::StringRef(region.name).drop_front(memory.name.size() + 1)) ||
            !isWord(memory.name))
          differ("region '{0}' is not named by its memory and a word", region.name);
    for (const plan::Frame &frame : plan.frames)
      if (!isWord(frame.name))
        differ("frame '{0}' is not named by a word", frame.name);
  }

  static bool isWord(llvm::StringRef name) {
    return !name.empty() && !llvm::isDigit(name.front()) &&
           llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  }

  /// A region that the runtime fills must have the room for it.
  void fitting(llvm::StringRef name, Bytes bytes) {
    if (std::optional<plan::Place> place = plan.hostRegion(name)) {
      const plan::Region &region = plan.region(*place);
      if (region.size < bytes)
        differ("region {0} has {1} bytes, {2} are needed", region.name, region.size.value,
               bytes.value);
    } else if (bytes.value) {
      differ("it has no region {0}.{1}", plan.memories[*plan.host()].name, name);
    }
  }

  void unit(const plan::Unit &unit, const Block &block) {
    if (unit.name != block.name || unit.kind != block.kind || unit.layer != block.layer) {
      differ("unit {0} stands where the model has block {1}", unit.name, block.name);
      return;
    }
    for (WeightId id : weightsOf(model, block)) {
      weight(unit, model.weight(id));
      named.insert(model.weight(id).name);
    }
    const Op *attend = nullptr;
    for (const Op &op : block.ops)
      if (op.kind == OpKind::Attend)
        attend = &op;
    if (bool(attend) != unit.cache.has_value())
      differ("unit {0} {1} a cache", unit.name, attend ? "needs" : "has");
    else if (attend && (unit.cache->heads != attend->kvHeads ||
                        unit.cache->dim != attend->headDim || unit.cache->context != plan.context))
      differ("the cache of unit {0} has another shape than the model's", unit.name);
    std::vector<std::string> reads;
    for (StreamId input : block.inputs)
      reads.push_back(model.stream(input).name);
    if (unit.reads != reads || unit.writes != model.stream(block.output).name)
      differ("unit {0} reads or writes other streams than the model's", unit.name);
    plan::Frame expected = packFrame(block, sizes());
    if (unit.frame.has_value() == expected.values.empty()) {
      differ("unit {0} has {1} frame", unit.name, unit.frame ? "a" : "no");
    } else if (unit.frame) {
      frame(plan.frames[*unit.frame], expected);
      checkedFrames.insert(*unit.frame);
    }
  }

  /// The verifier looks that every memory has the streams that are used there; here they must be
  /// those of the model.
  void streams(const plan::Frame &found) {
    std::vector<bool> used;
    for (const Stream &stream : model.streams)
      used.push_back(llvm::any_of(
          found.values, [&](const plan::Value &value) { return value.name == stream.name; }));
    frame(found, streamFrame(model, used, found.place.memory == *plan.host(), sizes()));
  }

  void weight(const plan::Unit &unit, const Weight &expected) {
    auto found = stored.find(expected.name);
    if (found == stored.end()) {
      differ("weight {0} is not stored", expected.name);
      return;
    }
    const plan::Weight &weight = *found->second;
    uint64_t rows = expected.shape.size() == 1 ? 1 : expected.shape.front();
    if (weight.rows != rows || weight.columns != expected.shape.back())
      differ("weight {0} of unit {1} is [{2}, {3}], the model's [{4}, {5}]", expected.name,
             unit.name, weight.rows, weight.columns, rows, expected.shape.back());
    if (weight.transposed != expected.transposed)
      differ("weight {0} is {1}transposed, the model's is {2}", expected.name,
             weight.transposed ? "" : "not ", weight.transposed ? "not" : "so");
    if (weight.tensor != expected.tensor)
      differ("weight {0} comes from another tensor than the model's", expected.name);
  }

  void frame(const plan::Frame &found, const plan::Frame &expected) {
    if (found.values.size() != expected.values.size())
      differ("frame {0} has {1} values, the model's {2}", found.name, found.values.size(),
             expected.values.size());
    for (const plan::Value &value : expected.values) {
      auto same = llvm::find_if(found.values, [&](auto &v) { return v.name == value.name; });
      if (same == found.values.end())
        differ("frame {0} has no value {1}", found.name, value.name);
      else if (same->rows != value.rows || same->columns != value.columns ||
               same->first != value.first || same->last != value.last)
        differ("value {0} of frame {1} has another shape or life than the model's", value.name,
               found.name);
    }
  }

  const Model &model;
  llvm::StringRef digest;
  const plan::Plan &plan;
  const Fittings &fittings;
  std::map<std::string, const plan::Weight *> stored;
  std::set<std::string> named;    // by the model
  std::set<size_t> checkedFrames; // whose values are the model's
};
} // namespace

Model cutAsPlanned(const Model &model, const plan::Plan &plan) {
  Cuts cuts(model.blocks.size());
  std::map<std::string, size_t> blocks;
  for (auto [at, block] : llvm::enumerate(model.blocks))
    blocks[block.name] = at;
  for (const plan::Unit &unit : plan.units) {
    auto whole = unit.piece ? blocks.find(unit.piece->whole) : blocks.end();
    if (whole == blocks.end() || unit.piece->firstOp >= model.blocks[whole->second].ops.size())
      continue;
    std::vector<uint32_t> &ops = cuts[whole->second];
    if (unit.piece->firstOp && (ops.empty() || ops.back() < unit.piece->firstOp))
      ops.push_back(unit.piece->firstOp);
  }
  return cut(model, std::move(cuts));
}

/// Of a sequence apps know what its last row of logits says, and that one unit makes them.
static void checkLogits(const Model &model, Diagnostics &diags) {
  const Stream &output = model.output();
  if (output.name != "logits" || !output.lastOnly || output.columns != model.vocabulary) {
    diags.error(Exit::BadInput, model.spec,
                llvm::formatv("the last block writes {0} [{1}, {2}]; apps take logits [last, {3}]",
                              output.name, output.lastOnly ? "last" : "tokens", output.columns,
                              model.vocabulary));
    diags.note("end the spec with block NAME(x) -> logits { return linear(last(x), WEIGHT) }");
  }
  for (const Block &block : llvm::ArrayRef(model.blocks).drop_back())
    if (model.stream(block.output).lastOnly) {
      diags.error(Exit::BadInput, model.spec,
                  llvm::formatv("block {0} hands on the row of the last token alone; apps take it "
                                "in the block that makes the logits",
                                block.name));
      diags.note("write last(...) in the last block");
    }
}

bool checkRunnable(const Model &model, const plan::Plan &plan, Diagnostics &diags) {
  if (!model.input)
    checkLogits(model, diags);
  if (plan.processors.size() != 1 || plan.processors.front().kind != name(ProcessorKind::Cpu)) {
    diags.error(Exit::BadInput, plan.machine,
                llvm::formatv("the plan uses {0} processors; apps run on a cpu alone so far",
                              plan.processors.size()));
    diags.note("plan for the cpu with a profile of it alone, as in --machine cpu-server");
  } else if (auto brought = llvm::find_if(
                 plan.units,
                 [](const plan::Unit &unit) { return unit.state != plan::State::Resident; });
             brought != plan.units.end()) {
    diags.error(Exit::BadInput, plan.machine,
                llvm::formatv("the plan brings the weights of unit {0} for each use; apps hold all "
                              "of them so far",
                              brought->name));
    diags.note("plan with more memory, or with a shorter --context");
  }
  return !diags.failed();
}

bool checkAgreement(const Model &model, llvm::StringRef digest, const plan::Plan &plan,
                    const Fittings &fittings, llvm::StringRef planFile, Diagnostics &diags) {
  Agreement agreement(model, digest, plan, fittings);
  agreement.check();
  for (const std::string &difference : agreement.differences)
    diags.error(Exit::BadInput, planFile, "the plan does not belong to this model: " + difference);
  if (!agreement.differences.empty())
    diags.note("plan this model anew with ashlar plan MODEL --emit=plan");
  return agreement.differences.empty();
}

} // namespace ashlar
