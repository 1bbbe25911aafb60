#include "compiler/checkpoint/Bind.h"

#include "compiler/checkpoint/Index.h"
#include "compiler/support/Wildcard.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

namespace ashlar {

/// As the checkpoint should hold it.
static std::vector<uint64_t> storedShape(const Weight &weight) {
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

namespace {

class Binder {
public:
  Binder(Model &model, const Checkpoint &checkpoint, const Config *config, Diagnostics &diags)
      : model(model), checkpoint(checkpoint), config(config), diags(diags) {}
  bool bind();

private:
  void choosePrefix(const Prefix &prefix);
  void findTensors();
  void reportMissing();
  void reportShapes();
  void reportTypes();
  void reportUnused();
  bool notePrefix();
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
  const Config *config;
  Diagnostics &diags;
  std::vector<const Weight *> missing, misshapen, mistyped;
  std::vector<std::string> unused; // tensors, sorted
};

} // namespace

void Binder::findTensors() {
  llvm::StringSet<> claimed;
  for (Weight &weight : model.weights) {
    claimed.insert(weight.tensor);
    if (weight.tiedTo)
      continue; // its own tensor may be there or not: nothing reads it
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

  for (const Tensor &tensor : checkpoint.tensors)
    if (!claimed.contains(tensor.name) &&
        llvm::none_of(model.ignored, [&](llvm::StringRef p) { return matches(p, tensor.name); }))
      unused.push_back(tensor.name);
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
  for (llvm::StringRef name : unused) {
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
  for (const std::string &name : llvm::ArrayRef(unused).take_front(20'000))
    candidates.push_back(name);
  for (const Weight *weight : llvm::ArrayRef(missing).take_front(5)) {
    llvm::StringRef near = nearest(weight->tensor, candidates);
    if (near.empty())
      continue;
    diags.note("the nearest to \"" + weight->tensor + "\" is \"" + near + "\"");
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
  if (notePrefix())
    unused.clear(); // the same tensors
  else
    noteNearest();
}

void Binder::noteSize(const Weight &weight, const Tensor &tensor) {
  std::vector<uint64_t> expected = storedShape(weight);
  if (!config || expected.size() != tensor.shape.size())
    return;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == tensor.shape[i])
      continue;
    std::string key = config->onlyKeyWith(expected[i]);
    if (key.empty())
      continue;
    diags.note(config->where(key), llvm::Twine(key) + " is " + llvm::Twine(expected[i]) + " here");
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
                      "; the spec expects " + shapeText(storedShape(weight)));
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

void Binder::reportUnused() {
  diags.error(Exit::Mismatch, place(),
              llvm::Twine(unused.size() == 1 ? "has a tensor" : "has tensors") +
                  " that the spec does not read: " + someOf(unused));
  diags.note("where they do not matter, `ignore` in the spec passes over them");
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
  llvm::for_each(model.ignored, rename);
}

bool Binder::bind() {
  for (const Prefix &prefix : model.prefixes)
    choosePrefix(prefix);
  findTensors();
  if (!missing.empty())
    reportMissing();
  if (!misshapen.empty())
    reportShapes();
  if (!mistyped.empty())
    reportTypes();
  if (!unused.empty())
    reportUnused();
  return missing.empty() && misshapen.empty() && mistyped.empty() && unused.empty();
}

bool bind(Model &model, const Checkpoint &checkpoint, Diagnostics &diags, const Config *config) {
  return Binder(model, checkpoint, config, diags).bind();
}

} // namespace ashlar
