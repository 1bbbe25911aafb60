#include "compiler/checkpoint/Bind.h"

#include "compiler/checkpoint/Index.h"
#include "compiler/checkpoint/Quantized.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include <algorithm>

namespace ashlar {

/// `*` stands for any text. In time of pattern times name at worst, whatever the pattern.
static bool matches(llvm::StringRef pattern, llvm::StringRef name) {
  size_t p = 0, n = 0, star = llvm::StringRef::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != llvm::StringRef::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of('*') == llvm::StringRef::npos;
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

namespace {

class Binder {
public:
  Binder(Model &model, const Checkpoint &checkpoint, const Config &config, bool strict,
         Diagnostics &diags)
      : model(model), checkpoint(checkpoint), config(config), strict(strict), diags(diags) {}
  bool bind();

private:
  bool refuseQuantized();
  void findTied();
  void findTensors();
  void sortUnread();
  void reportTied();
  void reportMissing();
  void reportShapes();
  void reportTypes();
  void reportUnread();
  bool notePrefix();
  void noteTying();
  void noteNearest();
  void noteSize(const Weight &weight, const Tensor &tensor);

  std::string place() const {
    return checkpoint.directory.empty() && !checkpoint.files.empty() ? checkpoint.files[0].path
                                                                     : checkpoint.directory;
  }
  /// At the weight's declaration, where the spec came from a file.
  void errorAt(const Weight &weight, const llvm::Twine &text) {
    if (weight.declared.isValid())
      diags.error(Exit::Mismatch, weight.declared, text);
    else
      diags.error(Exit::Mismatch, place(), text);
  }
  void noteOthers(llvm::ArrayRef<const Weight *> weights) {
    std::vector<std::string> names;
    for (const Weight *weight : weights.drop_front())
      names.push_back(weight->tensor);
    if (!names.empty())
      diags.note("the same holds for " + someOf(names));
  }

  Model &model;
  const Checkpoint &checkpoint;
  const Config &config;
  bool strict;
  Diagnostics &diags;
  llvm::StringSet<> claimed; // tensors that a weight has or might have
  std::vector<const Weight *> missing, misshapen, mistyped;
  std::vector<const Weight *> copies, untied; // stored although tied: as it should be, and not
  std::vector<std::string> unread, partly;    // tensors, sorted; of modules that are read in part
};

} // namespace

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
    if (tensor->shape != weight.shape)
      misshapen.push_back(&weight);
    if (std::optional<DataType> type = dataType(tensor->type))
      weight.type = *type;
    else
      mistyped.push_back(&weight);
  }
  for (WeightId id{}; index(id) < model.weights.size(); id = WeightId(index(id) + 1))
    model.weights[index(id)].type = model.weight(model.stored(id)).type;

  for (const Tensor &tensor : checkpoint.tensors)
    if (!claimed.contains(tensor.name) &&
        llvm::none_of(model.ignored, [&](llvm::StringRef p) { return matches(p, tensor.name); }))
      unread.push_back(tensor.name);
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

void Binder::reportTied() {
  auto source = [&](const Weight *weight) -> llvm::StringRef {
    return model.weight(*weight->tiedTo).tensor;
  };
  for (const Weight *weight : untied)
    errorAt(*weight, "\"" + weight->tensor + "\", of the shape " +
                         shapeText(checkpoint.find(weight->tensor)->shape) +
                         ", cannot be tied to \"" + source(weight) + "\", of the shape " +
                         shapeText(checkpoint.find(source(weight))->shape));
  for (const Weight *weight : copies)
    diags.warning(place(), "stores \"" + weight->tensor + "\", which is tied to \"" +
                               source(weight) + "\": only that one is read");
  if (!untied.empty() || !copies.empty())
    diags.note("where they differ the config is wrong: --set tie_word_embeddings=false");
}

/// Where most of the missing names differ from the checkpoint's by one prefix, that is what there
/// is to say, and no list of names.
bool Binder::notePrefix() {
  llvm::StringRef first = missing.front()->tensor;
  auto say = [&](const llvm::Twine &text) {
    diags.note(text);
    diags.note("a spec that names its tensors as the checkpoint does can be given with --spec");
    return true;
  };
  unsigned tried = 0;
  for (llvm::StringRef name : unread) {
    if (!name.ends_with(first) || !name.drop_back(first.size()).ends_with("."))
      continue;
    if (++tried > 8) // of names made to end alike, the answer would take forever
      break;
    std::string prefix = name.drop_back(first.size()).str();
    size_t found = llvm::count_if(
        missing, [&](const Weight *weight) { return checkpoint.find(prefix + weight->tensor); });
    if (found * 2 > missing.size())
      return say(llvm::Twine(found) + " of these are there under \"" + prefix + "\", such as \"" +
                 name + "\"");
  }
  for (size_t dot = first.find('.'); dot != first.npos; dot = first.find('.', dot + 1)) {
    llvm::StringRef prefix = first.take_front(dot + 1);
    size_t found = llvm::count_if(missing, [&](const Weight *weight) {
      llvm::StringRef name = weight->tensor;
      return name.consume_front(prefix) && checkpoint.find(name);
    });
    if (found * 2 > missing.size())
      return say(llvm::Twine(found) + " of these are there without \"" + prefix + "\", such as \"" +
                 first.drop_front(prefix.size()) + "\"");
  }
  return false;
}

void Binder::noteNearest() {
  // Comparing is slow, and a hint not worth seconds.
  std::vector<llvm::StringRef> candidates;
  for (const std::string &name : llvm::ArrayRef(unread).take_front(20'000))
    candidates.push_back(name);
  for (const Weight *weight : llvm::ArrayRef(missing).take_front(5)) {
    llvm::StringRef near = nearest(weight->tensor, candidates);
    if (near.empty())
      continue;
    diags.note("the nearest to \"" + weight->tensor + "\" is \"" + near + "\"");
    return;
  }
}

/// A head that is not there is the embedding's, in a checkpoint whose config does not say so.
void Binder::noteTying() {
  const llvm::json::Value *tied = config.find("tie_word_embeddings");
  if (missing.size() != 1 || (tied && *tied == llvm::json::Value(true)) ||
      missing.front()->shape.size() != 2)
    return;
  for (const Weight &other : model.weights)
    if (&other != missing.front() && other.shape == missing.front()->shape) {
      diags.note("if it is tied to \"" + other.tensor +
                 "\", --set tie_word_embeddings=true says so");
      return;
    }
}

void Binder::reportMissing() {
  std::vector<std::string> names;
  for (const Weight *weight : missing)
    names.push_back(weight->tensor);
  diags.error(Exit::Mismatch, place(),
              llvm::Twine(names.size() == 1 ? "has no tensor " : "has no tensors ") +
                  someOf(names));
  if (missing.front()->declared.isValid())
    diags.note(missing.front()->declared, "the spec reads it here");
  noteTying();
  if (notePrefix()) {
    unread.clear(); // the same tensors
    partly.clear();
  } else {
    noteNearest();
  }
}

void Binder::noteSize(const Weight &weight, const Tensor &tensor) {
  if (weight.shape.size() != tensor.shape.size())
    return;
  for (size_t i = 0; i < weight.shape.size(); ++i) {
    if (weight.shape[i] == tensor.shape[i])
      continue;
    std::string key = config.onlyKeyWith(weight.shape[i]);
    if (key.empty())
      continue;
    diags.note(config.where(key),
               llvm::Twine(key) + " is " + llvm::Twine(weight.shape[i]) + " here");
    diags.note("if the checkpoint is right, --set " + llvm::Twine(key) + "=" +
               llvm::Twine(tensor.shape[i]) + " says so; if not, fetch it again");
    return;
  }
}

void Binder::reportShapes() {
  const Weight &weight = *misshapen.front();
  const Tensor &tensor = *checkpoint.find(weight.tensor);
  errorAt(weight, "tensor \"" + tensor.name + "\" has the shape " + shapeText(tensor.shape) +
                      " in " + llvm::sys::path::filename(checkpoint.files[tensor.file].path) +
                      "; the spec expects " + shapeText(weight.shape));
  noteSize(weight, tensor);
  noteOthers(misshapen);
}

void Binder::reportTypes() {
  const Weight &weight = *mistyped.front();
  const Tensor &tensor = *checkpoint.find(weight.tensor);
  errorAt(weight, "tensor \"" + tensor.name + "\" is of type " + name(tensor.type) +
                      "; weights can be F32, F16 or BF16");
  noteOthers(mistyped);
}

void Binder::reportUnread() {
  auto some = [](llvm::ArrayRef<std::string> names) {
    return llvm::Twine(names.size() == 1 ? "has a tensor" : "has tensors");
  };
  if (!partly.empty()) {
    diags.error(Exit::Mismatch, place(),
                some(partly) +
                    " that the spec does not read, beside others that it does: " + someOf(partly));
    diags.note("without them the result would be another; a config may have a key that says they "
               "are there, and where they do not matter, `ignore` in the spec passes over them");
  }
  if (unread.empty())
    return;
  std::string text = (some(unread) + " that the spec does not read: " + someOf(unread)).str();
  if (strict)
    diags.error(Exit::Mismatch, place(), text);
  else
    diags.warning(place(), text);
  diags.note("where they do not matter, `ignore` in the spec passes over them");
}

bool Binder::bind() {
  for (const Weight &weight : model.weights)
    claimed.insert(weight.tensor);
  findTied();
  findTensors();
  if (refuseQuantized())
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
