#include "compiler/checkpoint/Binder.h"
#include "compiler/checkpoint/Quantized.h"
#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace ashlar {

std::vector<uint64_t> storedShape(const Weight &weight) {
  std::vector<uint64_t> shape = weight.shape;
  if (weight.transposed)
    std::swap(shape.front(), shape.back());
  return shape;
}

static std::optional<DataType> dataType(TensorType type) {
  switch (type) {
  case TensorType::F32:
    return DataType::F32;
  case TensorType::F16:
    return DataType::F16;
  case TensorType::BF16:
    return DataType::BF16;
  default:
    return std::nullopt;
  }
}

bool Binder::refuseQuantized() {
  std::string method = config.quantization();
  std::optional<Quantization> found = quantizationOf(checkpoint, unread);
  if (!method.empty()) {
    llvm::StringRef key = config.quantizationKey();
    diags.error(Exit::Mismatch, config.where(key),
                "the checkpoint is quantised with \"" + method + "\", which is not read");
    diags.note("use the checkpoint that it was made from, in bf16, f16 or f32");
    if (!found)
      diags.note("where its tensors are whole, --set " + key + "=null says so");
  } else if (found) {
    diags.error(Exit::Mismatch, place(),
                "is quantised with \"" + found->method + "\", which is not read: it has \"" +
                    found->tensor->name + "\"");
    diags.note("use the checkpoint that it was made from, in bf16, f16 or f32");
  }
  return found || !method.empty();
}

/// Only the weight that others are tied to is read, and only one of their tensors need be there.
void Binder::findTied() {
  for (const Weight &weight : model.weights) {
    const Tensor *own = weight.tiedTo ? checkpoint.find(weight.tensor) : nullptr;
    if (!own)
      continue;
    Weight &source = model.weights[index(*weight.tiedTo)];
    const Tensor *read = checkpoint.find(source.tensor);
    if (!read)
      source.tensor = own->name;
    else if (read != own)
      (read->shape == own->shape ? copies : untied).push_back(&weight);
  }
}

void Binder::findTensors() {
  for (Weight &weight : model.weights) {
    if (weight.tiedTo)
      continue;
    const Tensor *tensor = checkpoint.find(weight.tensor);
    if (!tensor) {
      missing.push_back(&weight);
      continue;
    }
    if (tensor->shape != storedShape(weight))
      misshapen.push_back(&weight);
    if (std::optional<DataType> type = dataType(tensor->type))
      weight.type = *type;
    else
      mistyped.push_back(&weight);
  }
  for (WeightId id{}; index(id) < model.weights.size(); id = WeightId(index(id) + 1))
    model.weights[index(id)].type = model.weight(model.stored(id)).type;
}

bool Binder::findUnread() {
  for (const Tensor &tensor : checkpoint.tensors)
    if (!claimed.contains(tensor.name))
      unread.push_back(tensor.name);
  if (!fewPatterns())
    return false;
  llvm::erase_if(unread, [&](llvm::StringRef name) {
    return llvm::any_of(model.ignored,
                        [&](const Ignored &ignored) { return matches(ignored.pattern, name); });
  });
  return true;
}

/// Each name is compared with each pattern, at worst in time of one times the other.
bool Binder::fewPatterns() {
  constexpr uint64_t MaxCompared = uint64_t(1) << 34;
  uint64_t letters = 0, compared = 0;
  for (llvm::StringRef name : unread)
    letters += name.size();
  for (const Ignored &ignored : model.ignored) {
    compared += ignored.pattern.size() * letters;
    if (compared <= MaxCompared)
      continue;
    errorAt(ignored.declared, "comparing " + llvm::Twine(unread.size()) +
                                  " tensors, which no weight has, with so many patterns would take "
                                  "too long");
    diags.note("one pattern can do for many: '*' stands for any text");
    return false;
  }
  return true;
}

static llvm::StringRef moduleOf(llvm::StringRef tensor) {
  size_t dot = tensor.rfind('.');
  return dot == tensor.npos ? "" : tensor.take_front(dot);
}

/// A bias beside a matrix that is read would be missed in the result; a tensor elsewhere is likely
/// of a part that the model does not have.
void Binder::sortUnread() {
  llvm::StringSet<> modules;
  for (const Weight &weight : model.weights)
    if (llvm::StringRef module = moduleOf(weight.tensor);
        !module.empty() && checkpoint.find(weight.tensor))
      modules.insert(module);
  auto whole = std::stable_partition(unread.begin(), unread.end(), [&](llvm::StringRef name) {
    return !modules.contains(moduleOf(name));
  });
  partly.assign(whole, unread.end());
  unread.erase(whole, unread.end());
}

/// Where more of the tensors under a prefix are there under another one, all of them are meant by
/// that, and what is ignored with them.
void Binder::choosePrefix(const Prefix &prefix) {
  auto found = [&](llvm::StringRef other) {
    return llvm::count_if(model.weights, [&](const Weight &weight) {
      llvm::StringRef name = weight.tensor;
      return !weight.tiedTo && name.consume_front(prefix.name) &&
             checkpoint.find((other + name).str());
    });
  };
  llvm::StringRef best = prefix.name;
  auto most = found(best);
  for (llvm::StringRef other : prefix.others)
    if (auto count = found(other); count > most) {
      best = other;
      most = count;
    }
  if (best == prefix.name)
    return;
  auto rename = [&](std::string &text) {
    if (llvm::StringRef(text).starts_with(prefix.name))
      text = best.str() + text.substr(prefix.name.size());
  };
  for (Weight &weight : model.weights)
    rename(weight.tensor);
  for (Ignored &ignored : model.ignored)
    rename(ignored.pattern);
}

/// Each of the paths is tried with every weight.
bool Binder::choosePrefixes() {
  constexpr uint64_t MaxTried = uint64_t(1) << 27;
  uint64_t tried = 0;
  for (const Prefix &prefix : model.prefixes) {
    tried += (1 + prefix.others.size()) * model.weights.size();
    if (tried > MaxTried) {
      errorAt(prefix.declared, "looking for " + llvm::Twine(model.weights.size()) +
                                   " weights under so many paths would take too long");
      diags.note("name other paths, with 'or', where checkpoints differ, and outside of loops");
      return false;
    }
    choosePrefix(prefix);
  }
  return true;
}

bool Binder::bind() {
  if (!choosePrefixes())
    return false;
  for (const Weight &weight : model.weights)
    claimed.insert(weight.tensor);
  findTied();
  findTensors();
  if (!findUnread() || refuseQuantized())
    return false;
  sortUnread();
  reportTied();
  if (!missing.empty())
    reportMissing();
  if (!misshapen.empty())
    reportShapes();
  if (!mistyped.empty())
    reportTypes();
  reportUnread();
  return !diags.failed();
}

bool bind(Model &model, const Checkpoint &checkpoint, const Config &config, bool strict,
          Diagnostics &diags) {
  return Binder(model, checkpoint, config, strict, diags).bind();
}

} // namespace ashlar
