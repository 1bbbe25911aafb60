/// Binding, in its two halves: Bind.cpp finds what there is, BindReport.cpp says what is wrong with
/// it.
#pragma once

#include "compiler/checkpoint/Bind.h"
#include "compiler/checkpoint/Index.h"

#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

namespace ashlar {

/// As the checkpoint should hold it.
std::vector<uint64_t> storedShape(const Weight &weight);

class Binder {
public:
  Binder(Model &model, const Checkpoint &checkpoint, const Config &config, bool strict,
         Diagnostics &diags)
      : model(model), checkpoint(checkpoint), config(config), strict(strict), diags(diags) {}
  bool bind();

private:
  bool refuseQuantized();
  bool choosePrefixes();
  void choosePrefix(const Prefix &prefix);
  void findTied();
  void findTensors();
  bool findUnread();
  bool fewPatterns();
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
  /// At a declaration, where the spec came from a file.
  void errorAt(llvm::SMLoc declared, const llvm::Twine &text) {
    if (declared.isValid())
      diags.error(Exit::Mismatch, declared, text);
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
  std::vector<const Weight *> copies, untied; // tied but stored: of equal shape, or not
  std::vector<std::string> unread, partly;    // tensors, sorted; of modules that are read in part
};

} // namespace ashlar
