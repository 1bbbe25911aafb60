#include "compiler/emit/Emit.h"

#include "compiler/place/Units.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

namespace ashlar {

/// Compares a plan with the plan that the same sizes would give for this model, as far as the model
/// alone decides it.
namespace {
class Agreement {
public:
  Agreement(const Model &model, const plan::Plan &plan) : model(model), plan(plan) {}

  std::vector<std::string> differences;

  void check() {
    std::string expected = digest(model);
    if (plan.modelDigest != expected)
      differ("it was made for model {0}, this one is {1}", plan.modelDigest, expected);
    if (plan.units.size() != model.blocks.size())
      differ("it has {0} units, the model has {1} blocks", plan.units.size(),
             model.blocks.size());
    if (plan.vocabulary != model.vocabulary)
      differ("its vocabulary is {0}, the model's {1}", plan.vocabulary, model.vocabulary);
    if (plan.context > model.maxContext)
      differ("its context is {0}, the model was made for {1}", plan.context, model.maxContext);
    if (!differences.empty())
      return;
    collectWeights();
    for (auto [at, block] : llvm::enumerate(model.blocks))
      unit(plan.units[at], block);
    frame("stream", streamFrame(model, plan.chunk));
  }

private:
  template <class... Args> void differ(const char *format, Args &&...args) {
    differences.push_back(llvm::formatv(format, std::forward<Args>(args)...));
  }

  void collectWeights() {
    for (const plan::Unit &unit : plan.units)
      for (const plan::Weight &weight : unit.weights)
        stored[weight.name] = &weight;
  }

  void unit(const plan::Unit &unit, const Block &block) {
    if (unit.name != block.name || unit.kind != block.kind || unit.layer != block.layer) {
      differ("unit {0} stands where the model has block {1}", unit.name, block.name);
      return;
    }
    for (WeightId id : weightsOf(model, block))
      weight(unit, model.weight(id));
    const Op *attend = nullptr;
    for (const Op &op : block.ops)
      if (op.kind == OpKind::Attend)
        attend = &op;
    if (bool(attend) != unit.cache.has_value())
      differ("unit {0} {1} a cache", unit.name, attend ? "needs" : "has");
    else if (attend && (unit.cache->heads != attend->kvHeads ||
                        unit.cache->dim != attend->headDim || unit.cache->context != plan.context))
      differ("the cache of unit {0} has another shape than the model's", unit.name);
    plan::Frame expected = packFrame(block, plan.chunk);
    if (expected.values.empty())
      return;
    if (!unit.frame)
      differ("unit {0} has no frame", unit.name);
    else
      frame(plan.frames[*unit.frame].name, expected);
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
    if (weight.tensor != expected.tensor)
      differ("weight {0} comes from another tensor than the model's", expected.name);
  }

  void frame(llvm::StringRef name, const plan::Frame &expected) {
    auto found = llvm::find_if(plan.frames, [&](auto &f) { return f.name == name; });
    if (found == plan.frames.end()) {
      differ("it has no frame {0}", name);
      return;
    }
    for (const plan::Value &value : expected.values) {
      auto same = llvm::find_if(found->values, [&](auto &v) { return v.name == value.name; });
      if (same == found->values.end())
        differ("frame {0} has no value {1}", name, value.name);
      else if (same->rows != value.rows || same->columns != value.columns ||
               same->first != value.first || same->last != value.last)
        differ("value {0} of frame {1} has another shape or life than the model's", value.name,
               name);
    }
  }

  const Model &model;
  const plan::Plan &plan;
  std::map<std::string, const plan::Weight *> stored;
};
} // namespace

bool checkAgreement(const Model &model, const plan::Plan &plan, llvm::StringRef planFile,
                    Diagnostics &diags) {
  Agreement agreement(model, plan);
  agreement.check();
  for (const std::string &difference : agreement.differences)
    diags.error(Exit::BadInput, planFile, "the plan does not belong to this model: " + difference);
  if (!agreement.differences.empty())
    diags.note("plan this model anew with ashlar plan MODEL --emit=plan");
  return agreement.differences.empty();
}

} // namespace ashlar
