#include "compiler/checkpoint/Binder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

namespace ashlar {

void Binder::reportTied() {
  auto source = [&](const Weight *weight) -> llvm::StringRef {
    return model.weight(*weight->tiedTo).tensor;
  };
  for (const Weight *weight : untied)
    errorAt(weight->declared, "\"" + weight->tensor + "\", of the shape " +
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
  // Of names made to end alike, or of dots alone, the answer would take forever.
  constexpr unsigned MaxTried = 8;
  unsigned tried = 0;
  for (llvm::StringRef name : unread) {
    if (!name.ends_with(first) || !name.drop_back(first.size()).ends_with("."))
      continue;
    if (++tried > MaxTried)
      break;
    std::string prefix = name.drop_back(first.size()).str();
    size_t found = llvm::count_if(
        missing, [&](const Weight *weight) { return checkpoint.find(prefix + weight->tensor); });
    if (found * 2 > missing.size())
      return say(llvm::Twine(found) + " of these are there under \"" + prefix + "\", such as \"" +
                 name + "\"");
  }
  tried = 0;
  for (size_t dot = first.find('.'); dot != first.npos && ++tried <= MaxTried;
       dot = first.find('.', dot + 1)) {
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
  std::vector<uint64_t> expected = storedShape(weight);
  if (expected.size() != tensor.shape.size())
    return;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == tensor.shape[i])
      continue;
    std::string key = config.onlyKeyWith(expected[i]);
    if (key.empty())
      continue;
    diags.note(config.where(key), llvm::Twine(key) + " is " + llvm::Twine(expected[i]) + " here");
    diags.note("if the checkpoint is right, --set " + llvm::Twine(key) + "=" +
               llvm::Twine(tensor.shape[i]) + " says so; if not, fetch it again");
    return;
  }
}

void Binder::reportShapes() {
  const Weight &weight = *misshapen.front();
  const Tensor &tensor = *checkpoint.find(weight.tensor);
  errorAt(weight.declared, "tensor \"" + tensor.name + "\" has the shape " +
                               shapeText(tensor.shape) + " in " +
                               llvm::sys::path::filename(checkpoint.files[tensor.file].path) +
                               "; the spec expects " + shapeText(storedShape(weight)));
  noteSize(weight, tensor);
  noteOthers(misshapen);
}

void Binder::reportTypes() {
  const Weight &weight = *mistyped.front();
  const Tensor &tensor = *checkpoint.find(weight.tensor);
  errorAt(weight.declared, "tensor \"" + tensor.name + "\" is of type " + name(tensor.type) +
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

} // namespace ashlar
